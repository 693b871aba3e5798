"""What the stored notebooks show, in a real browser."""

import json
from pathlib import Path

import pytest

from .test_pages import in_a_page

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


def html_outputs(notebook):
    """The HTML of the notebook's outputs, cell by cell, as it is stored."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            html = output.get("data", {}).get("text/html")
            if html is not None:
                yield html if isinstance(html, str) else "".join(html)


@pytest.fixture(scope="module")
def shown(look_at):
    """What the browser made of each notebook's outputs together, by the notebook's name."""
    pages = {notebook.name: in_a_page("<hr>".join(html_outputs(notebook))) for notebook in NOTEBOOKS}
    return look_at(pages)


def test_the_notebooks_show_painted_words(shown):
    assert shown, "there are no notebooks in examples/"
    unpainted = [
        name
        for name, page in shown.items()
        if not any(span.hue != "none" for paragraph in page.paragraphs for span in paragraph.painted)
    ]
    assert unpainted == [], "run `python examples/execute.py` and store what they show"


def test_their_outputs_run_and_load_nothing(shown):
    assert {name: page.requests for name, page in shown.items() if page.ran or page.requests} == {}
    assert {name for name, page in shown.items() if "script" in page.elements} == set()


def test_their_words_are_green_for_and_red_against_at_their_characters(shown):
    for name, page in shown.items():
        for paragraph in page.paragraphs:
            for span in paragraph.painted:
                assert paragraph.text[span.start : span.end] == span.text, name
                if span.title[:1] not in "+-0123456789" or not span.title:
                    continue  # what was not seen by the model
                score = float(span.title)
                if span.hue == "blue":  # unsigned scores of a comparison
                    assert score >= 0, name
                elif span.hue != "none":
                    assert span.hue == ("green" if score > 0 else "red"), name
                assert span.text.strip() == span.text, f"{name}: the words are painted, not the spaces between them"
