"""Files of Excel, PowerShell and Notepad were read as if they were UTF-8 without a mark.

Their first line kept the mark, so that a first JSON line was explained as raw text; UTF-16 was explained with a NUL between
its letters, or ended everything with a sentence about a codec. The tests wrote their files themselves, in plain UTF-8.
"""

import pytest
from explained_files import explained


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_is_no_letter(stars_checkpoint, tmp_path, encoding):
    (tmp_path / "r.jsonl").write_text('{"sentence": "I like it"}\n{"sentence": "it broke"}\n', encoding=encoding)
    assert explained(stars_checkpoint, tmp_path / "r.jsonl")[:2] == (0, ["I like it", "it broke"])
    (tmp_path / "r.txt").write_text("I like it\nit broke\n", encoding=encoding)
    assert explained(stars_checkpoint, tmp_path / "r.txt")[:2] == (0, ["I like it", "it broke"])


def test_an_encoding_that_must_be_known_is_asked_for(stars_checkpoint, tmp_path):
    (tmp_path / "r.txt").write_text("I like it\nit broke\n", encoding="utf-16-le")
    code, texts, said = explained(stars_checkpoint, tmp_path / "r.txt")
    assert (code, texts) == (1, [])
    assert "--encoding utf-16-le" in said
    assert explained(stars_checkpoint, tmp_path / "r.txt", "--encoding", "utf-16-le")[:2] == (0, ["I like it", "it broke"])
