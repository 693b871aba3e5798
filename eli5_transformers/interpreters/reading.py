"""What people give, to the JSON of a predictor: texts and pairs, each by itself."""

from __future__ import annotations

from typing import Any, List, Optional, Union

from ..arguments import Input, read_texts
from ..errors import InputError
from ..records import FailedText
from .many import with_place


def read_input(predictor: Any, text: Any, text_pair: Optional[str] = None) -> Input:
    """The predictor's JSON of a text or a pair. Raises InputError for what is no text, or a pair for a model of texts."""
    (read,) = read_inputs(predictor, [text], [text_pair], "raise")
    assert not isinstance(read, FailedText)
    return read


def read_inputs(predictor: Any, texts: Any, text_pairs: Any, on_error: str) -> List[Union[Input, FailedText]]:
    """The predictor's JSON of each text; what cannot be read is raised, or a FailedText in its place."""
    from ..components.explained_predictors import explained_model

    several = read_texts(texts, text_pairs, whole=lambda given: explained_model(predictor).explainable.takes(given))
    inputs: List[Union[Input, FailedText]] = []
    for place, read in enumerate(several):
        pair = isinstance(read, dict) and set(read) == {"sentence", "text_pair"}
        if pair and not explained_model(predictor).explainable.reads_pairs:
            read = InputError(
                f"a {type(predictor).__name__} reads one text, but text_pair was given: "
                "give a dict where its predict_json takes more keys, else load the checkpoint itself, or a config with the "
                "reader transformer_classifier"
            )
        if isinstance(read, InputError):
            if on_error == "raise":
                raise with_place(read, place, len(several))
            inputs.append(FailedText(place, read))
        else:
            inputs.append(read)
    return inputs
