"""Cells of CSV files are texts and numbers to a spreadsheet, never formulas."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eli5_transformers.commands.spreadsheets import cell
from eli5_transformers.escapes import visible

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x/?"&A1)', "=cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0",
    " =1", "\xa0=1", "\u3000=1", '"=1', "'=1", "\t=1", "\r=1", "\n=1", "\ttext", "\rtext", "＝1", "＋1", "－1",
    "＠A", "﹦1", "⁼1", ' " \' =1', "\u200f=1 שלום",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "good", "a=b", "1-2", "user@host", "(=1)", "“quoted”", "日本", "'tis"])
def test_other_texts_stay_as_they_are(text):
    assert cell(text) == text


@pytest.mark.parametrize("number", [-1.5, -1, 0.0, 3, None, True])
def test_numbers_stay_numbers(number):
    assert cell(number) is number


def test_characters_that_a_screen_obeys_are_spelled():
    assert cell("\x1b]0;x\x07=1") == r"\x1b]0;x\x07=1"
    assert cell("\u200b=1") == r"\u200b=1"
    assert cell("=\x1b[2J") == r"'=\x1b[2J"


@given(st.text(st.sampled_from("=+-@\t\r\n '\"\xa0＝－\u200b\u200f\x1bשa1,;"), max_size=6))
def test_no_cell_of_a_written_file_begins_as_a_formula(text):
    lines = io.StringIO()
    csv.writer(lines).writerow([cell(text), -1.5])
    ((first, second),) = csv.reader(io.StringIO(lines.getvalue(), newline=""))
    assert second == "-1.5"
    assert first == cell(text)
    assert first.lstrip(" \xa0\"\u200f")[:1] not in tuple("=+-@\t\r\n＝－")
    assert first.lstrip("'") in (text.lstrip("'"), visible(text).lstrip("'"))
