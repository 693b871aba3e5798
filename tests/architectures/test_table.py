"""The committed pages are consistent, and a release is compared with them by architecture."""

import pytest

from . import table
from .expectations import NOT_BUILT, REFUSED, SURROGATE

PAGES = sorted(table.DOCS.glob("architectures*.md"))
EXACT = "| bert | BertForSequenceClassification | `bert.embeddings` | exact | no effect |  |"
ALONE = "| bert | BertForSequenceClassification | `bert.embeddings` | exact | an effect |  |"
RENAMED = "| bert | BertForSequenceClassification | `bert.words` | exact | no effect |  |"
APPROXIMATE = "| bert | BertForSequenceClassification | `bert.embeddings` | approximate | no effect | surrogate |"
REFUSAL = "| bert | BertForSequenceClassification |  | refused |  | No gradient. |"
NOT_EXAMINED = "| bert | BertForSequenceClassification | needs a package |"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_above_its_rows_is_true_of_them(page):
    text = page.read_text(encoding="utf-8")
    rows = table.rows(text)
    examined = {name: row for name, row in rows.items() if table.grade(row)[0]}
    exact = [name for name, row in examined.items() if table.grade(row)[0] == 3]
    assert text.startswith(table.head(table.checked_on(text), len(exact), len(examined), len(rows) - len(examined)))
    assert set(examined) - set(exact) <= {*REFUSED, *SURROGATE}


def test_there_is_a_page_for_each_stack():
    assert len(PAGES) == 2
    assert sum(table.checked_on(page.read_text(encoding="utf-8")) == (table.STOCK_RELEASE,) for page in PAGES) == 1


def test_known_hindrances_are_not_of_the_past():
    """An entry that no stack needs any more must go; the two committed tables stand for the stacks."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for why in [why for _, why in NOT_BUILT.values()] + list(REFUSED.values()):
        assert why in pages


def test_rows_are_graded_by_what_a_reader_gets():
    order = [NOT_EXAMINED, REFUSAL, APPROXIMATE, ALONE, EXACT]
    assert [table.grade(row) for row in order] == sorted({table.grade(row) for row in order})
    assert table.grade(EXACT) == table.grade(RENAMED)


def test_a_page_keeps_the_releases_that_it_was_checked_on_while_its_rows_are_the_same(monkeypatch):
    def page(*lines):
        return f"Checked on transformers 5.1 and 5.2.\n\n{table._HEADER}" + "\n".join(lines)

    monkeypatch.setattr(table, "RELEASE", "5.3")
    assert table.checked_on(page(EXACT)) == ("5.1", "5.2")
    assert table.releases_of(page(EXACT), page(EXACT)) == ("5.1", "5.2", "5.3")
    assert table.releases_of(page(EXACT), page(ALONE)) == ("5.3",)
    assert table.releases_of(page(EXACT), "") == ("5.3",)
    monkeypatch.setattr(table, "RELEASE", "5.1")
    assert table.releases_of(page(EXACT), page(EXACT)) == ("5.2", "5.1")
