"""One bad line ended everything: a byte that is no UTF-8, a number of 5,000 digits, deep nesting, half a character.

The page about the command said that a bad line is reported with its number and the others are done. It was so for JSON that
does not parse, which is what the tests tried; these four were tracebacks, or lost the lines of their batch, or of all.
"""

import pytest
from explained_files import explained

GOOD = b'{"sentence": "I like it"}\n'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'{"sentence": "b\xff"}\n', "no valid UTF-8 (the byte 0xff at character 16)"),
        (b'{"sentence": "a \\ud800"}\n', "half a character"),
        (b'{"sentence": "a", "n": ' + b"9" * 5000 + b"}\n", "5,000 digits"),
        (b'{"a":' * 99999 + b"\n", "nested too deeply"),
        (b'{"sentence": "a\\u0000"}\n', "NUL"),
        (b'{"sentence": "a", "text_pair": ""}\n', "'text_pair' is empty"),
        (b'{"sentence": "a", "sentence": "b"}\n', "twice"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_are_done(stars_checkpoint, tmp_path, bad, said):
    (tmp_path / "r.jsonl").write_bytes(GOOD * 5 + bad + GOOD)
    code, texts, err = explained(stars_checkpoint, tmp_path / "r.jsonl")
    assert (code, texts) == (1, ["I like it"] * 6)
    (line,) = [line for line in err.splitlines() if line.startswith("line ")]
    assert line.startswith("line 6: ")
    assert said in line
