"""The JSON that an AllenNLP predictor of anybody's takes for a text or a pair, learnt from the predictor itself.

A predictor says nowhere which keys it reads. It is handed a dict that notes what it is asked for, and which of these are
texts shows in the instance: with another text its tokens are others.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..column_names import SECOND_TEXTS, TEXTS
from ..errors import Eli5TransformersError, InputError, is_error, short
from ..locks import READING
from .text_to_instance import ReaderPredictor
from .vocabularies import reader_tokenizer

CANONICAL = ("sentence", "text_pair")
"""The keys of a text and its pair in this package's own JSON."""

# A text that no tokenizer takes for one word, and another one.
_PROBE, _OTHER = "The brown fox runs over", "Dogs sleep here now"
# Keys beside the texts, which data sets have, and what is put there.
_BESIDE = ("label", "labels", "id", "idx", "index", "guid", "uid", "gold_label", "metadata", "pair_id", "target")
_BESIDE_VALUE = "0"
_LABELS = ("label", "gold_label", "target")
_TEXTS = (*TEXTS, "input", "tokens", "words")
_SECONDS = (*SECOND_TEXTS, "premise2", "answer")
_SENTENCES = (
    "have their text in a list of text fields, of its sentences say, and an explanation is of one text field: train with a "
    "reader that makes one of it (segment_sentences: false), and a model that reads it"
)
_NO_INSTANCE = ", and no Instance"
_WORDS = ("tokens", "words", "token_list", "tokenized", "sentence_tokens")


@dataclass(frozen=True)
class _Form:
    """How a text is given under a key: as it is, or as the list of its words."""

    listed: bool
    split: Callable[[str], List[str]] = str.split
    joined: bool = False
    """Whether the reader makes the text of its words again, so that it matters little where that was split."""

    def of(self, text: str) -> Any:
        return self.split(text) if self.listed else text


class PredictorInputs:
    """What a predictor reads; learnt at the first use."""

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor
        self._forms: Dict[str, _Form] = {}
        self._second: Dict[str, _Form] = {}
        self._beside: Dict[str, Any] = {}
        self._fields: Dict[str, Tuple[str, ...]] = {}
        self._failure = ""
        with READING:
            self._learn()

    @property
    def keys(self) -> Tuple[str, ...]:
        """The keys of the texts, the first text's first; the second one's is there, too, where it may be left out."""
        return (*self._forms, *self._second)

    @property
    def fields(self) -> Tuple[Tuple[str, ...], ...]:
        """For each key the names of the text fields whose tokens are others when its text is."""
        return tuple(self._fields[key] for key in self.keys)

    def takes(self, given: Mapping[str, Any]) -> bool:
        """Whether a person's dict is the predictor's own JSON: it has the keys that are read, and no other text."""
        others = set(given) - set(self.keys)
        return set(self._forms) <= set(given) and not others & {*TEXTS, *_SECONDS}

    @property
    def note(self) -> str:
        """What a reader of an explanation must know of how a text was given, a sentence; or empty."""
        if any(form.listed and form.split is str.split and not form.joined for form in self._forms.values()):
            return f"A {type(self._predictor).__name__} takes a list of words: the text was split at white space."
        return ""

    def of(self, inputs: Mapping[str, Any]) -> Dict[str, Any]:
        """The predictor's JSON of this package's own; any other is a person's, and goes as it is.

        Raises InputError for a pair where one text is read, and for one text where a pair is.
        """
        if not set(inputs) <= set(CANONICAL):
            return dict(inputs)
        texts = [inputs[key] for key in CANONICAL if key in inputs]
        name = type(self._predictor).__name__
        forms = {**self._forms, **(self._second if len(texts) > len(self._forms) else {})}
        if len(texts) != len(forms):
            known = ", ".join(map(repr, forms))
            if len(texts) == 1 and len(self._forms) == 2:
                raise InputError(f"a {name} reads a pair of texts ({known}): give the second one as text_pair=")
            raise InputError(
                f"a {name} reads {len(forms)} text{'s' * (len(forms) != 1)} ({known}), but {len(texts)} were given: give a "
                "dict as its predict_json takes it"
            )
        return {**self._beside, **{key: form.of(text) for (key, form), text in zip(forms.items(), texts)}}

    def documents(self, given: Mapping[str, Any]) -> Tuple[str, ...]:
        """The texts in a JSON of the predictor's, or of this package's own."""
        keys = CANONICAL if set(given) <= set(CANONICAL) else (self.keys or tuple(given))
        found = [given[key] for key in keys if key in given]
        texts = [" ".join(map(str, one)) if isinstance(one, (list, tuple)) else one for one in found]
        return tuple(text for text in texts if isinstance(text, str))[:2]

    # learning

    def _learn(self) -> None:
        asked, optional, beside = self._asked()
        torn = None
        # Where what it must be given is not enough, what it may be given is needed, too.
        rest = [name for name in optional if name not in asked and name not in beside]
        for forms in itertools.chain(self._candidates(asked), self._candidates([*asked, *rest]) if rest else ()):
            given = {**beside, **{name: form.of(_PROBE) for name, form in forms.items()}}
            tokens = self._tokens(given)
            texts = [] if tokens is None else [n for n in forms if self._is_read(given, n, forms[n], tokens)]
            if tokens is None or not texts:
                continue
            # A reader of characters makes one token of each; any other was to be given a list of words.
            if _is_torn(list(tokens.values()), forms) or self._splits_again(given, forms):
                torn = torn or (forms, texts, given, tokens)
                continue
            break
        else:
            if torn is None:
                raise self._refusal()
            forms, texts, given, tokens = torn
            texts = [name for name in texts if self._is_read(given, name, forms[name], tokens)]
        # A "target" may be a label, and it may be what a text is said of.
        # The reader must be given what its predictor asks for as if it could be left out.
        unsure = [*beside, *(rest if isinstance(self._predictor, ReaderPredictor) else ())]
        told = {name: _Form(listed=False) for name in unsure if name not in forms}
        told = {name: form for name, form in told.items() if self._is_read(given, name, form, tokens)}
        forms, texts = {**forms, **told}, [*texts, *told]
        texts.sort(key=lambda name: name in _SECONDS)
        self._forms = {name: forms[name] for name in texts}
        needless = [*texts, *(name for name in rest if name in _BESIDE)]
        self._beside = {name: value for name, value in given.items() if name not in needless}
        if len(texts) == 1:
            form = forms[texts[0]]
            seconds = [n for n in optional if n not in texts and self._is_read(given, n, form, tokens)]
            seconds.sort(key=lambda name: name not in _SECONDS)
            self._second = dict.fromkeys(seconds[:1], form)

    def _splits_again(self, given: Mapping[str, Any], forms: Mapping[str, _Form]) -> bool:
        """Whether what the tokenizer made of a text is joined, and made tokens of again: then a list of one text is, too."""
        for name, form in forms.items():
            if form.listed and form.split is not str.split:
                found = self._tokens({**given, name: [_PROBE]})
                if found is not None and not any(_PROBE.casefold() in map(str.casefold, field) for field in found.values()):
                    return True
        return False

    def _is_read(self, given: Mapping[str, Any], name: str, form: _Form, tokens: Mapping[str, List[str]]) -> bool:
        """Whether another text under that name makes other tokens; notes in which fields."""
        others = self._tokens({**given, name: form.of(_OTHER)})
        if others is not None:
            self._fields[name] = tuple(field for field, found in others.items() if found != tokens.get(field))
        return others not in (None, tokens)

    def _asked(self) -> Tuple[List[str], List[str], Dict[str, Any]]:
        """The names that the predictor must be given and may be given, in order, and what is put under those of no texts."""
        notes = _Notes({})
        failed = self._try(notes)
        names = notes.required
        if not [name for name in names if name not in _BESIDE]:
            known = [name for name in notes.optional if name in _TEXTS]
            names = names + (known[:1] or [name for name in notes.optional if name not in _BESIDE][:1])
        if not names and failed is not None and hasattr(self._predictor._dataset_reader, "text_to_instance"):
            # Its JSON is handed on whole.
            names = list(ReaderPredictor.parameters(self._predictor._dataset_reader))
        beside = {name: self._label() if name in _LABELS else _BESIDE_VALUE for name in names if name in _BESIDE}
        return [name for name in names if name not in beside], notes.optional, beside

    def _label(self) -> str:
        """A label that the model knows, as any other cannot be indexed."""
        known = self._predictor._model.vocab._index_to_token
        namespace = getattr(self._predictor._model, "_label_namespace", "labels")
        return str(known[namespace].get(0, _BESIDE_VALUE)) if namespace in known else _BESIDE_VALUE

    def _candidates(self, names: Sequence[str]) -> Iterator[Dict[str, _Form]]:
        text = _Form(listed=False)
        tokenizer = reader_tokenizer(self._predictor._dataset_reader)
        words = [_Form(True, joined=tokenizer is not None)]
        if tokenizer is not None:
            words.insert(0, _Form(True, lambda one: [str(token) for token in tokenizer.tokenize(one)]))
        kinds = [(*words, text) if name in _WORDS or name.endswith(("_tokens", "_words")) else (text, *words) for name in names]
        for chosen in itertools.islice(itertools.product(*kinds), 16):
            yield dict(zip(names, chosen))

    def _tokens(self, given: Mapping[str, Any]) -> Optional[Dict[str, List[str]]]:
        """The tokens of the text fields of an instance of this JSON, or None where there is no instance of it."""
        from allennlp.data.fields import ListField, TextField
        from allennlp.data.tokenizers import Token

        try:
            instance = self._predictor._json_to_instance(dict(given))
            if not hasattr(instance, "fields"):
                self._failure = f"its _json_to_instance gives a {type(instance).__name__}{_NO_INSTANCE}"
                return None
            fields = {name: field for name, field in instance.fields.items() if isinstance(field, TextField)}
            if not fields:
                self._failure = "its instances have no text field"
                listed = [field for field in instance.fields.values() if isinstance(field, ListField)]
                if any(isinstance(part, TextField) for field in listed for part in field.field_list):
                    self._failure = _SENTENCES
            if not fields or not all(isinstance(token, Token) for field in fields.values() for token in field.tokens):
                return None
            return {name: [str(token.text) for token in field.tokens] for name, field in fields.items()}
        except BaseException as error:
            if not is_error(error):
                raise
            self._failure = self._failure or f"{type(error).__name__}: {short(error)}"
            return None

    def _try(self, given: Any) -> Optional[BaseException]:
        try:
            self._predictor._json_to_instance(given)
        except BaseException as error:
            if not is_error(error):
                raise
            return error
        return None

    def _refusal(self) -> Eli5TransformersError:
        name = type(self._predictor).__name__
        error = self._try({"sentence": _PROBE})
        if isinstance(error, NotImplementedError):
            return InputError(
                f"a {name} has no _json_to_instance of its own, so it makes no instance of a text: give another predictor "
                '(predictor="text_classifier", say, when you load it)'
            )
        if isinstance(error, Eli5TransformersError):
            return error
        if self._failure == _SENTENCES:
            return InputError(f"the instances of a {name} {_SENTENCES}")
        if self._failure.endswith(_NO_INSTANCE):
            return InputError(f"a {name} makes no instance of a text: {self._failure}: let it return the instance alone")
        said = self._failure or "it asks for nothing"
        return InputError(
            f"it is not clear how a {name} takes a text ({said}): give a dict as its predict_json takes it, not a text"
        )


class _Notes(Dict[str, Any]):
    """A JSON object that has whatever it is asked for, and notes what that was."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.required: List[str] = []
        self.optional: List[str] = []

    def __len__(self) -> int:
        return 1  # it is not empty

    def __missing__(self, key: str) -> Any:
        return self._note(self.required, key)

    def pop(self, key: str, *default: Any) -> Any:
        return super().get(key, default[0]) if default else self._note(self.required, key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(self.optional, key)
        return default

    def __contains__(self, key: object) -> bool:
        self._note(self.optional, str(key))
        return False

    def _note(self, names: List[str], key: str) -> Any:
        if key not in names:
            names.append(key)
        return _BESIDE_VALUE if key in _BESIDE else _PROBE


def _is_torn(tokens: Sequence[Sequence[str]], forms: Mapping[str, _Form]) -> bool:
    """Whether a text was given where a list of words is meant: each character is a token, or the whole text is one."""
    if all(form.listed for form in forms.values()):
        return False
    single = [token for field in tokens for token in field if len(token) > 1]
    return not single or any(_PROBE in field for field in tokens)
