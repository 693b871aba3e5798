"""The page about input files names what the code knows."""

from pathlib import Path

from eli5_transformers.column_names import IDS, LABELS, SECOND_TEXTS, TEXTS, TOGETHER
from eli5_transformers.inputs import FORMS

PAGE = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text(encoding="utf-8")


def _named(names):
    return ", ".join(f"`{name}`" if name else "no name" for name in names)


def test_the_tables_of_names_are_those_of_the_code():
    for what, names in (
        ("text", _named(TEXTS)),
        ("second text", _named(SECOND_TEXTS)),
        ("pairs of texts", ", ".join(f"`{first}` and `{second}`" for first, second in TOGETHER)),
        ("label", _named(LABELS)),
        ("id", _named(IDS)),
    ):
        assert f"| {what} | {names} |\n" in PAGE


def test_every_form_has_a_row():
    assert [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")] == list(FORMS)
