"""In a real browser: nothing untrusted becomes markup, and the painted words are where the words are."""

import re
from dataclasses import replace

import checkpoints
import eli5
import numpy as np
import pytest
from handmade import attribution

from eli5_transformers import get_explanation, get_explanation_from_grads, load_predictor
from eli5_transformers.comparing import compare
from eli5_transformers.escapes import visible
from eli5_transformers.explanations.explanation_json import explanation_from_json, explanation_to_json
from eli5_transformers.explanations.to_eli5 import to_explanation
from eli5_transformers.views.comparison import Comparison
from eli5_transformers.views.explanation_page import explanation_page

from . import hostile

ELEMENTS = set(
    "body div section style p b i br span small bdi sup pre table thead tbody tr td th h1 h2 h3 details summary".split()
)
ATTRIBUTES = {"class", "style", "title", "colspan", "open"}
TOKENS = [token for token in hostile.ALL.split() if token.isascii() and token.isprintable()]


def in_a_page(fragment):
    """A page as bare as can be, without a policy that would keep a script from running."""
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>own</title></head><body>{fragment}</body></html>'


def without_policy(page):
    bare, found = re.subn(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    assert found == 1
    return bare


def explained(text, label=hostile.ALL, **changes):
    """An explanation in which all that comes from elsewhere is hostile."""
    count = len(re.findall(r"\w+|[^\w\s]", text))
    scores = np.linspace(-1, 1, count)
    made = [
        attribution(text, scores, label=label, method=hostile.ALL, notes=(hostile.ALL,), **changes),
        attribution(text, -scores, label=label, method=hostile.ALL, target=0, **changes),
    ]
    return made, to_explanation(made, estimator=hostile.ALL, description=hostile.ALL)


def hostile_pages():
    """Every way in which explanations become HTML, with hostile texts in all places at once."""
    attributions, explanation = explained(hostile.ALL)
    from_grads = get_explanation_from_grads(
        hostile.ALL, hostile.ALL, " ".join(TOKENS), TOKENS, np.linspace(-1, 1, len(TOKENS)), [1.0], [hostile.ALL], True
    )
    odd = replace(attributions[1], evaluations=hostile.ALL, output=hostile.ALL, parameters={hostile.ALL: hostile.ALL})
    comparison = Comparison((attributions[0], odd), notes=(hostile.ALL,))
    pair = attribution((hostile.ALL, "x"), np.ones(len(attributions[0].tokens) - 1), label=hostile.ALL)
    stranger = eli5.base.Explanation(
        hostile.ALL, description=hostile.ALL, error=hostile.ALL, method=hostile.ALL, targets=explanation.targets
    )
    pages = {
        "page": explanation_page(explanation, hostile.ALL),
        "page of a pair": explanation_page(to_explanation([pair], estimator="e"), hostile.ALL),
        "page of one not made here": explanation_page(stranger, hostile.ALL),
        "page of one that was read": explanation_page(
            explanation_from_json(explanation_to_json(stranger)), hostile.ALL
        ),
        "page of given gradients": explanation_page(from_grads, hostile.ALL),
        "comparison": comparison.html(),
        "comparison with a title": comparison.html(title=hostile.ALL),
        "comparison of a pair": Comparison((pair,)).html(),
    }
    fragments = {
        "eli5's html": eli5.format_as_html(explanation),
        "eli5's html without weights": eli5.format_as_html(explanation, force_weights=False),
        "eli5's html with values": eli5.format_as_html(explanation, show_feature_values=True, highlight_spaces=True),
        "eli5's html below each other": eli5.format_as_html(explanation, horizontal_layout=False, include_styles=False),
        "eli5's html of hostile labels": eli5.format_as_html(explained("good film")[1]),
        "eli5's html of given gradients": eli5.format_as_html(from_grads),
        "notebook cell": explanation._repr_html_(),
        "notebook cell of a comparison": comparison._repr_html_(),
        "notebook cell of an attribution": attributions[0]._repr_html_(),
        "notebook cell of one that was read": explanation_from_json(explanation_to_json(stranger))._repr_html_(),
    }
    return {
        "page with its policy": pages["page"],
        **{name: without_policy(page) for name, page in pages.items()},
        **{name: in_a_page(fragment) for name, fragment in fragments.items()},
    }


@pytest.fixture(scope="module")
def seen(look_at):
    return look_at(hostile_pages())


def test_hostile_texts_run_nothing(seen):
    assert {name for name, page in seen.items() if page.ran or page.title == "ran"} == set()


def test_hostile_texts_load_nothing(seen):
    assert {name: page.requests for name, page in seen.items() if page.requests} == {}


def test_hostile_texts_add_no_element_and_no_attribute(seen):
    for name, page in seen.items():
        assert set(page.elements) <= ELEMENTS, name
        assert set(page.attributes) <= ATTRIBUTES, name


def test_hostile_labels_are_there_to_be_read(seen):
    for name, page in seen.items():
        assert visible(hostile.ALL) in page.text, name


def test_hostile_documents_are_there_to_be_read_character_by_character(seen):
    for name, page in seen.items():
        document = visible(hostile.ALL)
        if "gradients" in name:
            document = " ".join(TOKENS)
        elif "hostile labels" in name:
            document = "good film"
        assert page.paragraphs, name
        assert any(document in paragraph.text for paragraph in page.paragraphs), name


def test_a_title_is_text_on_one_line(seen):
    assert seen["page"].title == " ".join(visible(hostile.ALL).split())


def test_no_page_and_no_cell_holds_a_character_that_a_screen_obeys(seen):
    for name, page in seen.items():
        assert visible(page.text) == page.text, name


def test_labels_in_eli5s_html_hold_no_override_that_could_reorder_the_numbers_beside_them(seen):
    assert visible(hostile.ALL) in seen["eli5's html of hostile labels"].text
    assert "\u202e" not in seen["eli5's html of hostile labels"].text


def test_the_looking_glass_sees_what_hostile_texts_do(look_at):
    """Each text, put into a page as it is, is found out: so that finding nothing means something."""
    found = look_at({name: in_a_page(f'<p title="{text}">{text}</p>') for name, text in hostile.ACTIVE.items()})
    missed = [
        name
        for name, page in found.items()
        if not (page.ran or page.requests or set(page.elements) - ELEMENTS or set(page.attributes) - ATTRIBUTES)
    ]
    assert missed == []
    assert found["script"].ran
    assert found["script"].title == "ran"
    assert "/stolen" in found["script"].requests
    assert "/stolen.png" in found["image"].requests


def test_the_policy_of_the_page_holds_even_where_markup_came_in(look_at):
    page = explanation_page(explained("good film", label="fine")[1], "title")
    texts = {name: text for name, text in hostile.ACTIVE.items() if name != "forwarding"}  # no policy forbids that
    broken = {name: page.replace("<h2>", f"{text}<h2>", 1) for name, text in texts.items()}
    for name, seen in look_at(broken).items():
        assert not seen.ran, name
        assert seen.requests == [], name


TEXT = "Not a good 👍 film — ünïcödé, but 日本語 and שלום עולם are fine"
WORDS = [m.span() for m in re.finditer(r"\S+", TEXT)]
SCORES = np.array([-2.0, 0.0, 3.0, 1.0, 0.5, -0.25, -1.0, 0.75, 1.5, -1.5, 2.0, -3.0, 0.4, 1.2])


def painted_pages():
    signed = attribution(TEXT, SCORES, pattern=r"\S+", method="signed")
    unsigned = attribution(TEXT, np.abs(SCORES), pattern=r"\S+", method="unsigned", signed=False)
    explanation = to_explanation([signed], estimator="e")
    return {
        "page": explanation_page(explanation, "title"),
        "page of one that was read": explanation_page(explanation_from_json(explanation_to_json(explanation)), "t"),
        "eli5's html": in_a_page(eli5.format_as_html(explanation)),
        "notebook cell": in_a_page(explanation._repr_html_()),
        "comparison": Comparison((signed, unsigned)).html(),
    }


@pytest.fixture(scope="module")
def painted(look_at):
    return look_at(painted_pages())


def colored(paragraph):
    return {(span.start, span.end): span for span in paragraph.painted if span.hue != "none"}


def test_each_word_is_painted_at_its_characters_green_for_and_red_against(painted):
    expected = {span: "green" if score > 0 else "red" for span, score in zip(WORDS, SCORES) if score}
    for name, page in painted.items():
        paragraph = page.paragraphs[0]
        assert paragraph.text == TEXT, name
        assert {place: span.hue for place, span in colored(paragraph).items()} == expected, name
        for (start, end), span in colored(paragraph).items():
            assert span.text == TEXT[start:end]


def test_unsigned_scores_are_painted_in_one_other_hue(painted):
    unsigned = painted["comparison"].paragraphs[1]
    assert {span.hue for span in colored(unsigned).values()} == {"blue"}


def test_the_stronger_the_score_the_deeper_the_colour(painted):
    strength = {span: abs(score) for span, score in zip(WORDS, SCORES)}
    for page in painted.values():
        for hue in ("green", "red"):
            words = [(strength[place], max(span.color) - min(span.color))
                     for place, span in colored(page.paragraphs[0]).items() if span.hue == hue]  # fmt: skip
            depths = [depth for _, depth in sorted(words)]
            assert len(depths) > 3
            assert depths == sorted(depths)


def test_painted_words_are_to_be_seen_in_the_order_of_the_text(painted):
    for page in painted.values():
        spans = page.paragraphs[0].painted
        latin = [span for span in spans if span.text.isascii() and span.text.strip()]
        assert all(span.box[2] > 0 and span.box[3] > 0 and span.opacity >= 0.8 for span in latin)
        places = [(round(span.box[1]), span.box[0]) for span in latin]
        assert places == sorted(places)


@pytest.fixture(scope="module")
def directions(look_at):
    hebrew = attribution("שלום עולם טוב", [1.0, -1.0, 2.0])
    override = attribution("one \u202etwo three", [1.0, -1.0, 2.0], pattern=r"\w+")
    return look_at(
        {
            "page": explanation_page(to_explanation([hebrew], estimator="e"), "t"),
            "comparison": Comparison((hebrew,)).html(),
            "override": explanation_page(to_explanation([override], estimator="e"), "t"),
            "override compared": Comparison((override,)).html(),
            "override in eli5's html": in_a_page(eli5.format_as_html(to_explanation([override], estimator="e"))),
        }
    )


@pytest.mark.parametrize("name", ["page", "comparison"])
def test_a_right_to_left_text_is_set_from_the_right_in_our_pages(directions, name):
    spans = colored(directions[name].paragraphs[0]).values()
    assert [span.text for span in spans] == ["שלום", "עולם", "טוב"]
    left = [span.box[0] for span in spans]
    assert left == sorted(left, reverse=True)
    assert left[0] > 500


@pytest.mark.parametrize("name", ["override", "override compared", "override in eli5's html"])
def test_a_bidirectional_override_in_a_document_is_spelled_and_reorders_nothing(directions, name):
    (paragraph,) = directions[name].paragraphs
    assert paragraph.text == "one \\u202etwo three"
    spans = colored(paragraph).values()
    assert [span.text for span in spans] == ["one", "two", "three"]
    assert [span.box[0] for span in spans] == sorted(span.box[0] for span in spans)


def test_a_checkpoint_whose_labels_and_name_are_hostile_is_shown_as_text(look_at, tmp_path):
    name = "<img src=stolen.png onerror=top.ran=1>"
    labels = [*hostile.ACTIVE.values(), hostile.ALL]
    folder = checkpoints.write_bert_checkpoint(tmp_path / name, labels=labels)
    predictor = load_predictor(str(folder))
    explanation = get_explanation(predictor, f"good {name}", top_targets=len(labels), interpreter="gradient-x-input")
    compared = compare(
        predictor, f"good {name}", ["gradient-x-input", "simple-gradient"], targets=list(range(len(labels)))
    )
    pages = {
        "page": without_policy(explanation_page(explanation, str(folder))),
        "eli5's html": in_a_page(eli5.format_as_html(explanation)),
        "comparison": without_policy(compared.html(title=str(folder))),
    }
    for kind, page in look_at(pages).items():
        assert not page.ran, kind
        assert page.requests == [], kind
        assert set(page.elements) <= ELEMENTS, kind
        assert all(visible(label) in page.text for label in labels), kind
        assert any(f"good {name}" in paragraph.text for paragraph in page.paragraphs), kind
