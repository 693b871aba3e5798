"""JSON as it is met: what is wrong with a line or an entry is said there, and the others are read."""

import pytest

from eli5_transformers.inputs import read_rows


def read(tmp_path, content, name):
    (tmp_path / name).write_text(content)
    return list(read_rows(tmp_path / name))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"text": "b"', "not valid JSON"), ("{'text': 'b'}", "not valid JSON"),
        ('{"text": "b"} x', "stands behind the object"),
        ('{"text": "b"}},', "stands behind the object"), ('{"text": "b"}{"text": "c"', "not valid JSON"),
        ('{"text": "b", "text": "c"}', "key 'text' twice"), ('{"text": "b", "n": ' + "9" * 5000 + "}", "5,000 digits"),
        ('{"text": ' * 99999, "nested too deeply"), ('{"text": NaN}', "missing"), ('{"text": null}', "missing"),
        ('{"text": ["b"]}', "list"), ('{"text": {"en": "b"}}', "object"), ('{"text": true}', "truth value"),
        ("{}", "empty object"), ('{"text": ""}', "empty"), ('[1, 2]', "'1', '2'"), ("5", "it is 5"), ("null", "it is null"),
        ('"label": 1}', "not valid JSON"), ("]", "not valid JSON"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_the_others_are_read(tmp_path, bad, said):
    good = '{"text": "a"}\n'
    rows = read(tmp_path, f"{good}{bad}\n{good}", "r.jsonl")
    assert [(row.number, row.text) for row in rows if row.error is None] == [(1, "a"), (3, "a")]
    (error,) = [row.error for row in rows if row.error]
    assert said in error
    assert "\n" not in error


def test_numbers_and_names_of_any_kind_beside_the_text_do_no_harm(tmp_path):
    content = '{"text": "a", "score": NaN, "x": 1e999, "nested": {"a": [1, {"b": null}]}, "": 0}\n'
    assert [row.text for row in read(tmp_path, content, "r.jsonl")] == ["a"]


@pytest.mark.parametrize(
    ("content", "texts", "said"),
    [
        ('["a", "b"]', ["a", "b"], None),
        ('[["a", 1], ["b", 2]]', ["a", "b"], None),
        ('\n\n[\n  {"text": "a"},\n  {"text": "b"}\n]\n', ["a", "b"], None),
        ('{"text": "a"}', ["a"], None),
        ('{\n "text": "a",\n "label": 1\n}\n', ["a"], None),
        ('"a"', ["a"], None),
        ('[{"text": "a"}, {"text": "b"}},]', ["a", "b"], "not valid JSON"),
        ('[{"text": "a"}, {"text": "b"', ["a"], "not valid JSON"),
        ('[{"text": "a"}, {"text": "b"}', ["a", "b"], "ends too soon"),
        ('[{"text": "a"} {"text": "b"}]', ["a"], "not valid JSON"),
        ('[{"text": "a"}] {"text": "b"}', ["a"], "behind the list's end"),
        ('[{"text": "a"}, ' + '{"x":' * 99999, ["a"], "nested too deeply"),
        ('[{"text": "a"}, 1]', ["a"], "it is 1"),
    ],
)
@pytest.mark.parametrize("name", ["r.json", "r.txt"])
def test_documents_are_read_up_to_what_is_wrong(tmp_path, content, texts, said, name):
    if name == "r.txt" and content in ('"a"',):
        return  # a text of three characters
    rows = read(tmp_path, content, name)
    assert [row.text for row in rows if row.error is None] == texts
    errors = [row.error for row in rows if row.error]
    assert (len(errors), said is None or said in errors[0]) == (said is not None, True)


def test_json_lines_are_known_under_the_name_of_json(tmp_path):
    rows = read(tmp_path, '{"text": "a"}\n{"text": "b"}\n', "r.json")
    assert [(row.place, row.text) for row in rows] == [("line 1", "a"), ("line 2", "b")]
    assert [bool(row.error) for row in read(tmp_path, '{"text": "a"\n{"text": "b"}\n', "r.json")] == [True, False]
