"""Files of both kinds, damaged at random: each is refused in a sentence of ours, or read and shown without its markup."""

import copy
import json
import random
from pathlib import Path

import eli5
from markup import faults
from read_attributions import require_right_types, same
from tally import tries

from eli5_transformers.errors import ExplanationError
from eli5_transformers.escapes import visible
from eli5_transformers.explanations.attribution_json import attribution_from_json, attribution_to_json
from eli5_transformers.explanations.explanation_json import explanation_from_json, explanation_to_json
from eli5_transformers.explanations.to_eli5 import to_explanation
from eli5_transformers.views.comparison import Comparison
from eli5_transformers.views.explanation_page import explanation_page
from eli5_transformers.views.terminal import painted

VERSION_1 = Path(__file__).parents[1] / "explanations" / "version_1"
ATTRIBUTION = (VERSION_1 / "attribution.json").read_text()
EXPLANATION = (VERSION_1 / "explanation.json").read_text()
MARKUP = "<img src=x onerror=\"document.title='ran'\">\x1b]0;ran\x07\u202e</title></style><script>1</script>"
HOSTILE = [
    None, True, 0, 1, -1, 3, 7, 10**30, 10**400, 2**63, 0.5, -0.0, 1e308, "", "1", "nan", "\ud800", MARKUP, MARKUP, MARKUP,
    "$tuple", [], {}, [[]], [1, "a"], {"$tuple": []}, {"$tuple": [1]}, {"$dict": [[[], 1]]}, {"$dict": [["a", 1]]},
    {"$dict": [["a", 1], ["a", 2]]}, {"$float": "nan"}, {"$float": "inf"}, {"$float": 1}, {"$formatted": MARKUP},
    {"$eval": "1"}, {"": 1}, {MARKUP: MARKUP}, {"target": 0}, [0.5] * 5, ["x"] * 5, [MARKUP] * 5, [True] * 5,
    [["a", [[0, 99]], 1.0]], [["a", [[2, 2]], 1.0]], [[[1], [[0, 1]], 1.0]], [["a", [[0, 1]], {"$float": "nan"}]],
]  # fmt: skip


def nodes(held):
    """(container, key) of everything in a JSON value."""
    items = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    return [place for key, item in items for place in [(held, key), *nodes(item)]]


def mutated(text, dice):
    """The file with one to three changes: of values, keys or bare characters."""
    held = json.loads(text)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        container, key = dice.choice(nodes(held))
        kind = dice.random()
        if kind < 0.6:
            # Half of them of the class that belongs there, so that some are read, and must be shown.
            alike = [value for value in HOSTILE if type(value) is type(container[key])]
            container[key] = copy.deepcopy(dice.choice(alike if alike and kind < 0.5 else HOSTILE))
        elif kind < 0.75:
            del container[key]
        elif isinstance(container, dict):
            container[dice.choice(["more", "$tuple", "scores", "image", "\ud800", MARKUP])] = container.pop(key)
        else:
            container.insert(key, copy.deepcopy(dice.choice(HOSTILE)))
        if not isinstance(held, dict) or not nodes(held):
            break
    text = json.dumps(held)
    if dice.random() < 0.2:
        at = dice.randrange(len(text))
        put = dice.choice(
            ["", '"', "]", "}", ",", "1e999", "NaN", "-Infinity", "\\ud800", "\0", "9" * 5000, "[" * 9999, "\ufeff"]
        )
        text = text[:at] + put + text[at + dice.randint(0, 3) :]
    if dice.random() < 0.1:
        text = text.replace('{"', f'{{"{dice.choice(["version", "target", "weight"])}": 1, "', dice.randint(1, 9))
    return text


def require_one_sentence(error):
    said = str(error)
    assert said == visible(said)
    assert "\n" not in said
    assert 10 < len(said) < 1000


def require_shown(explanation):
    """Every formatter takes it, and none shows a character of the file as markup or obeys it."""
    for html in (
        eli5.format_as_html(explanation),
        eli5.format_as_html(explanation, force_weights=False, horizontal_layout=False),
        explanation._repr_html_(),
        explanation_page(explanation, MARKUP),
    ):
        assert faults(html) == []
    for target in explanation.targets or []:
        if target.feature_weights is not None:  # eli5's text needs them
            only = copy.copy(explanation)
            only.targets = [target]
            eli5.format_as_text(only)
    assert "\x1b]0" not in painted(explanation)


def damaged(text, read, require, dice, count):
    """How many damaged files were tried, and how many did more than be read as they should or refused in a sentence."""
    outcomes, failed = {"read": 0, "refused": 0}, []
    for _ in range(count):
        file = mutated(text, dice)
        try:
            try:
                held = read(file)
            except ExplanationError as error:
                outcomes["refused"] += 1
                require_one_sentence(error)
            else:
                outcomes["read"] += 1
                require(held)
        except Exception as error:  # whatever it is, it is one of ours
            failed.append((repr(error)[:500], file))
    assert min(outcomes.values()) > count / 10
    print(*failed[:5], sep="\n")
    return len(failed)


def require_attribution(read):
    require_right_types(read)
    assert same(attribution_from_json(attribution_to_json(read)), read)
    for granularity in ("word", "token", "sentence"):
        require_shown(to_explanation([read], estimator="e", granularity=granularity))
    comparison = Comparison((read, read))
    assert faults(comparison.html()) == faults(comparison._repr_html_()) == faults(read._repr_html_()) == []


def require_explanation(read):
    text = explanation_to_json(read)
    assert explanation_to_json(explanation_from_json(text)) == text
    require_shown(read)


def test_no_damaged_attribution_does_more_than_be_refused(tally):
    count = tries(2000, 120)
    failed = damaged(ATTRIBUTION, attribution_from_json, require_attribution, random.Random(20261127), count)
    tally("damaged files of attributions, read and shown", count, failed)


def test_no_damaged_explanation_does_more_than_be_refused(tally):
    count = tries(2000, 120)
    failed = damaged(EXPLANATION, explanation_from_json, require_explanation, random.Random(20261128), count)
    tally("damaged files of explanations, read and shown", count, failed)
