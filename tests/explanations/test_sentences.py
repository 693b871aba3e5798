"""Numbers to sentences, by the cases of one file, which a page's script is held to, too."""

import json
from pathlib import Path

import numpy as np
import pytest

from eli5_transformers.errors import ExplanationError
from eli5_transformers.explanations.attribution_json import attribution_from_json, attribution_to_json
from eli5_transformers.explanations.sentences import confidence, heading, probabilities, sentence, summary
from eli5_transformers.records import Attribution, Tokens
from eli5_transformers.text import wording

FILE = json.loads((Path(__file__).parent / "sentence_cases.json").read_text(encoding="utf-8"))


def attribution(case):
    words, scores = zip(*case["words"])
    text, starts, end = case.get("text", " ".join(words)), [], 0
    for word in words:
        starts.append(text.index(word, end))
        end = starts[-1] + len(word)
    fields = ("question", "output", "signed", "multi_label", "score", "parameters")
    known = {name: case[name] for name in fields if name in case}
    classes = tuple(FILE["labels"].get(case.get("labels"), ()))
    chances = tuple(map(float, case["probabilities"]))
    return Attribution(
        documents=(text,),
        tokens=Tokens(
            text=words,
            start=tuple(starts),
            end=tuple(start + len(word) for start, word in zip(starts, words)),
            word=tuple(range(len(words))),
            segment=(0,) * len(words),
            special=(False,) * len(words),
        ),
        scores=np.array(scores),
        target=case["target"],
        label=case.get("label") or classes[case["target"]],
        method="integrated-gradients",
        probability=chances[case["target"]] if chances else None,
        classes=classes,
        probabilities=chances,
        weights=tuple(map(float, case.get("weights", ()))),
        **{"signed": True, **known},
    )


def marked(parts):
    marks = {"word": "“{}”", "label": "⟦{}⟧", "": "{}"}
    return "".join(marks[part.kind].format(part.text) for part in parts)


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["name"])
def test_a_case_gives_its_sentences(case):
    one = attribution(case)
    assert marked(heading(one)) == case["heading"]
    assert marked(confidence(one)) == case["confidence"]
    assert marked(sentence(one)) == case["sentence"]
    assert one.summary == summary(one) == case["sentence"].replace("⟦", "‘").replace("⟧", "’")


def test_numbers_percents_and_places_are_written_as_in_the_cases():
    assert [[value, wording.number(value)] for value, _ in FILE["numbers"]] == FILE["numbers"]
    assert [[value, wording.percent(value)] for value, _ in FILE["percents"]] == FILE["percents"]
    assert [[place, wording.ordinal(place)] for place, _ in FILE["ordinals"]] == FILE["ordinals"]
    assert [wording.signed(value) for value in (4, -3.84, 0.001)] == ["+4.0", "−3.8", "0"]


def test_no_sentence_says_more_than_scores_can():
    """Scores tell neither causes nor what a model understands."""
    said = " ".join(case[key] for case in FILE["cases"] for key in ("heading", "confidence", "sentence"))
    assert not any(word in said for word in ("because", "cause", "understand", "important", "counts for"))


def test_probabilities_are_in_a_line_the_likeliest_first():
    one = attribution(FILE["cases"][0])
    few = Attribution(**{**vars(one), "probabilities": (0.0, 0.05, 0.1, 0.6, 0.25)})
    said = marked(probabilities(few, most=3)).replace("\u202f", " ")
    assert said == "⟦4 stars⟧ 60 %, ⟦5 stars⟧ 25 %, ⟦3 stars⟧ 10 %, 2 more 5 % together"
    several = Attribution(**{**vars(few), "multi_label": True})
    assert marked(probabilities(several, most=3)).endswith(", 2 more, none above 5\u202f%")
    assert probabilities(attribution(FILE["cases"][-1])) == []


def test_the_class_is_named_where_no_heading_names_it():
    for case in FILE["cases"][:2]:
        one = attribution(case)
        marks = marked(confidence(one, named=True))
        assert f"of ⟦{one.classes[one.target]}⟧" in marks
    unsure = attribution({**FILE["cases"][0], "probabilities": [0.1, 0.2, 0.2, 0.3, 0.2]})
    assert marked(confidence(unsure, named=True)).endswith("; ⟦4 stars⟧ is the likeliest of 5 labels.")


def test_a_sum_of_pieces_is_a_word():
    one = attribution(FILE["cases"][2])
    pieces = Attribution(
        **{
            **vars(one),
            "documents": ("unhappy",),
            "tokens": Tokens(("un", "##happy"), (0, 2), (2, 7), (0, 0), (0, 0), (False, False)),
            "scores": np.array([-4.0, 6.0]),
        }
    )
    assert pieces.summary == "“unhappy” speaks most for ‘negative’; hardly any word speaks against it."


def test_what_a_screen_would_obey_is_spelled_out():
    one = attribution({**FILE["cases"][2], "words": [["a\u202eb", 2.0]]})
    assert one.summary.startswith("“a\\u202eb” speaks")


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["name"])
def test_a_file_keeps_what_the_sentences_are_made_of(case):
    one = attribution(case)
    assert attribution_from_json(attribution_to_json(one)).summary == one.summary


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": [1.0, 2.0]},
        {"question": "lean", "weights": []},
        {"question": "class", "weights": [1.0, 0.0, 0.0, 0.0, 0.0]},
        {"question": "why"},
        {"weights": [0.0, 0.0, 0.0, 0.0, 0.0]},
        {"probabilities": [1.0]},
        {"probabilities": [2.0, 0.0, 0.0, 0.0, 0.0]},
        {"target": 5},
        {"classes": ["1 star"]},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused(changes):
    file = json.loads(attribution_to_json(attribution(FILE["cases"][0])))
    file["attribution"].update(changes)
    with pytest.raises(ExplanationError):
        attribution_from_json(json.dumps(file))
