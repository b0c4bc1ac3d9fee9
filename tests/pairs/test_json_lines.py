import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.pairs import read_pairs

GOOD = '{"base": "nurse", "ref": "medical nurse", "similarity": 1}\n'

BROKEN = {
    "a line cut short": (
        GOOD + '{"base": "nurse", "ref\n',
        (": line 2: no valid JSON at column 23 (Invalid control character)", "one object a line"),
    ),
    "a list": (
        GOOD + '["nurse", "midwife", 1]\n',
        (": line 2: ['nurse', 'midwife', 1] is no JSON object.", "one object"),
    ),
    "a text": (GOOD + '"nurse"\n', (": line 2: 'nurse' is no JSON object.",)),
    "nesting without end": (GOOD + "[" * 100_000 + "\n", (": line 2: JSON that cannot be read.",)),
    "an array of objects": ("[\n" + GOOD + "]\n", (" holds one JSON array.", "Write one object a line, such as {")),
    "an object over several lines": ('{\n"base": "a",\n"ref": "b"\n}\n', (": 4 of 4 rows cannot be used: line 1:",)),
    "a number for a text": (
        GOOD + '{"base": 7, "ref": "b", "similarity": 1}\n',
        (": line 2: 'base' is 7, not a text.", "Correct or remove this row."),
    ),
    "a list for a text": (
        GOOD + '{"base": "a", "ref": ["b", "c"], "similarity": 1}\n',
        (": line 2: 'ref' is ['b', 'c'], not a text.",),
    ),
    "null for a text": (GOOD + '{"base": null, "ref": "b", "similarity": 1}\n', (": line 2: 'base' is missing.",)),
    "a member missing": (GOOD + '{"base": "a", "similarity": 1}\n', (": line 2: 'ref' is missing.",)),
    "null for a score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": null}\n',
        (": line 2: 'similarity' is missing.",),
    ),
    "true for a score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": true}\n',
        (": line 2: 'similarity' is true.", "Write 1 for true and 0 for false."),
    ),
    "false for each score": (
        '{"base": "a", "ref": "b", "similarity": false}\n',
        (": line 1: 'similarity' is false.", "Write 1 for true and 0 for false."),
    ),
    "a list for a score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": [1]}\n',
        (": line 2: 'similarity' is [1], not a finite number.",),
    ),
    "NaN for a score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": NaN}\n',
        (": line 2: 'similarity' is missing.",),
    ),
    "an infinite score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": -Infinity}\n',
        (": line 2: 'similarity' is -inf, not a finite number.",),
    ),
    "a number too large for a score": (
        GOOD + '{"base": "a", "ref": "b", "similarity": 1' + 400 * "0" + "}\n",
        (": line 2: 'similarity' is 1000", "not a finite number."),
    ),
    "half a surrogate pair": (
        GOOD + '{"base": "\\ud83d", "ref": "b", "similarity": 1}\n',
        (": line 2: 'base' has half of a surrogate pair",),
    ),
    "a NUL in a text": (
        GOOD + '{"base": "a\\u0000", "ref": "b", "similarity": 1}\n',
        (": line 2: 'base' has a NUL character.",),
    ),
    "no such members": (
        '{"a": "x", "b": "y", "c": 1}\n',
        (": the columns found are 'a', 'b', 'c';", "--left, --right"),
    ),
    "nothing": ("", (" is empty.",)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_json_lines_are_reported_in_one_line_with_file_place_and_remedy(kind, message_for):
    content, expected = BROKEN[kind]
    message = message_for("pairs.jsonl", content)
    for part in expected:
        assert part in message


def test_bad_lines_of_all_kinds_are_reported_together_in_the_order_of_the_file(message_for):
    message = message_for("pairs.jsonl", "{}\n" + GOOD + "oops\n\n" + '{"base": "a", "ref": "b", "similarity": "x"}\n')
    assert message.startswith(": 3 of 4 rows cannot be used: line 1: 'base' is missing; line 3: no valid JSON")
    assert "; line 5: 'similarity' is 'x'" in message


def test_empty_lines_count_as_lines_and_not_as_rows(write_file):
    pairs = read_pairs(write_file("pairs.jsonl", "\n" + GOOD + "\r\n  \n" + GOOD))
    assert pairs.frame["line"].tolist() == [2, 5]


def test_a_unicode_line_separator_in_a_text_does_not_end_the_line(write_file):
    pairs = read_pairs(write_file("pairs.jsonl", GOOD.replace("medical nurse", "medical\u2028nurse") + GOOD))
    assert pairs.right == ["medical\u2028nurse", "medical nurse"]
    assert pairs.frame["line"].tolist() == [1, 2]


def test_members_are_found_by_name_in_any_order_beside_others(write_file):
    first = '{"score": 0.25, "id": 1, "Sentence1": "a", "sentence2": "b"}\n'
    second = '{"sentence2": "d", "Sentence1": "c", "score": 1}\n'
    pairs = read_pairs(write_file("pairs.ndjson", first + second))
    assert (pairs.left, pairs.right, pairs.scores.tolist()) == (["a", "c"], ["b", "d"], [0.25, 1.0])


def test_a_score_written_as_a_text_is_read_as_the_number_it_names(write_file):
    pairs = read_pairs(write_file("pairs.json", GOOD.replace(": 1}", ': "0.5"}') + GOOD))
    assert pairs.scores.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("setting", [{"columns": ["a", "b", "c"]}, {"delimiter": ";"}])
def test_settings_of_delimited_files_are_refused(setting, write_file):
    path = write_file("pairs.jsonl", GOOD)
    with pytest.raises(SettingsError, match=r"--(columns|delimiter) .* is for \.csv and \.tsv files only"):
        read_pairs(path, **setting)
