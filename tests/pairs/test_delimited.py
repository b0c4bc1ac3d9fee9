import csv
import io
import logging

import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.pairs import read_pairs

HEADER = "base,ref,similarity\n"
GOOD = "nurse,medical nurse,1\n"

# content, settings, and what the message after the file's name must hold: the place, the problem, what to do
BROKEN = {
    "too many fields": (
        HEADER + GOOD + "nurse, paediatric,nurse,0.7\n",
        {},
        (": line 3: 4 fields, expected 3.", "Put texts that hold ',' in double quotes."),
    ),
    "too few fields": (HEADER + "nurse,1\n" + GOOD, {}, (": line 2: 2 fields, expected 3.", "Correct or remove")),
    "one field": (HEADER + GOOD + "nurse\n", {}, (": line 3: 1 field, expected 3.",)),
    "a quotation mark left open to the end": (
        HEADER + GOOD + '"nurse,medical nurse,1\n' + GOOD,
        {},
        (": line 3: a quotation mark opens in this row and is never closed.", "Close it"),
    ),
    "a quotation mark left open until another opens": (
        HEADER + '"nurse,medical nurse,1\n' + GOOD + '"nurse","medical nurse",1\n',
        {},
        (": line 2: text follows a closing quotation mark on line 4.", "correct this row"),
    ),
    "a quotation mark left open until another closes": (
        HEADER + GOOD + '"nurse,medical nurse,1\n' + 'nurse",1\n' + GOOD,
        {},
        (": line 3: 2 fields, expected 3 (the row runs to line 4).", "Look for an open quotation mark."),
    ),
    "a quotation mark left open in a long file": (
        HEADER + '"nurse,medical nurse,1\n' + GOOD * 10_000,
        {},
        (": line 2: a field is longer than 131072 characters", "is left open there, close it"),
    ),
    "a text longer than a field may be": (
        HEADER + "x" * 131_073 + ",nurse,1\n",
        {},
        (": line 2: a field is longer than 131072 characters", "write longer texts as .jsonl or .parquet"),
    ),
    "quotation marks escaped with a backslash": (
        HEADER + r'"the \"nurse\"",nurse,1' + "\n",
        {},
        (": line 2: text follows a closing quotation mark.", 'written twice ("")'),
    ),
    "a blank text": (
        HEADER + GOOD + "nurse, \t ,1\n",
        {},
        (": line 3: 'ref' is blank.", "Correct or remove this row."),
    ),
    "an empty text": (HEADER + ",nurse,1\n", {}, (": line 2: 'base' is blank.",)),
    "a missing score": (HEADER + GOOD + "nurse,midwife,\n", {}, (": line 3: 'similarity' is missing.",)),
    "a score that is a word": (
        HEADER + "nurse,midwife,high\n",
        {},
        (": line 2: 'similarity' is 'high', not a finite",),
    ),
    "a score that is nan": (
        HEADER + "nurse,midwife,nan\n",
        {},
        (": line 2: 'similarity' is 'nan', not a finite number.",),
    ),
    "a score that is infinite": (HEADER + "a,b,inf\n", {}, (": line 2: 'similarity' is 'inf', not a finite number.",)),
    "a score in Python's notation": (
        HEADER + "a,b,0_1\n",
        {},
        (": line 2: 'similarity' is '0_1', not a finite number.",),
    ),
    "a decimal comma": (
        HEADER + 'nurse,midwife,"0,5"\n',
        {},
        (": line 2: 'similarity' is '0,5', written with a comma.", "0.5, not 0,5"),
    ),
    "scores on another scale": (
        HEADER + GOOD + "nurse,midwife,3.5\nnurse,miner,0.2\n",
        {},
        (": line 3: 'similarity' is 3.5, not from 0 to 1.", "run from 0.2 to 3.5", "--score-range 0 4"),
    ),
    "a score outside the scale given": (
        HEADER + GOOD + "nurse,midwife,5.5\n",
        {"score_range": (0, 5)},
        (": line 3: 'similarity' is 5.5, not from 0 to 5.", "run from 1 to 5.5", "--score-range 1 6"),
    ),
    "a negative score": (
        HEADER + GOOD + "nurse,miner,-0.3\n",
        {},
        (": line 3: 'similarity' is -0.3", "--score-range -1 1"),
    ),
    "a column missing": (
        "base,reference,similarity\n" + GOOD,
        {},
        (
            ": the columns found are 'base', 'reference', 'similarity';",
            "(base, ref, similarity)",
            "--left, --right and",
        ),
    ),
    "a column of the name asked for missing": (
        HEADER + GOOD,
        {"score": "gold"},
        (": there is no column 'gold';", "'base', 'ref', 'similarity'", "(left=, right=, score= in Python)"),
    ),
    "a column twice": (
        "base,ref,similarity,Ref\nnurse,medical nurse,1,x\n",
        {},
        (": columns 2 and 4 have the same name 'ref'.", "Rename all but one"),
    ),
    "two sets of known columns": (
        "base,ref,similarity,left,right,score\na,b,1,c,d,0\n",
        {},
        ("(base, ref, similarity) and (left, right, score) are both there.", "--left, --right and --score"),
    ),
    "no header": (
        "nurse,medical nurse,1.0\n" + GOOD,
        {},
        (": line 1 holds data, not column names: 'nurse'", "--columns sentence1,sentence2,score"),
    ),
    "column names for a file with a header": (
        HEADER + GOOD,
        {"columns": ["left", "right", "score"]},
        (": line 1 is a header: 'base', 'ref', 'similarity'.", "Leave out --columns"),
    ),
    "column names for another number of columns": (
        "1,nurse,medical nurse,1.0\n",
        {"columns": ["left", "right", "score"]},
        (": line 1 has 4 fields, but --columns names 3: 'left', 'right', 'score'.", "one name for each column"),
    ),
    "semicolons": (
        "base;ref;similarity\nnurse;medical nurse;1\n",
        {},
        (": line 1 is one column, since it has ';' and not ','", "Pass --delimiter ';' (delimiter= in Python)."),
    ),
    "semicolons and no header": (
        "nurse;medical nurse;1\n",
        {"columns": ["left", "right", "score"]},
        (": line 1 is one column, since it has ';'", "--delimiter ';'"),
    ),
    "tabs": ("base\tref\tsimilarity\na\tb\t1\n", {}, (": line 1 is one column, since it has tab", "--delimiter tab")),
    "one quoted column": (
        '"base,ref,similarity"\n"nurse,medical nurse,1"\n',
        {},
        (": the columns found are 'base,ref,similarity'; expected (base, ref, similarity) or",),
    ),
    "only a header": (HEADER, {}, (" has a header and no rows.", "Expected one pair of texts in each row")),
    "nothing": ("", {}, (" is empty.", "Expected rows")),
    "only line breaks": ("\n\r\n \n", {}, (" is empty.",)),
    "only a byte order mark": (b"\xef\xbb\xbf", {}, (" is empty.",)),
    "a byte of another encoding": (
        (HEADER + GOOD + "infirmière,nurse,1\n").encode("cp1252"),
        {},
        (": line 3 has the byte 0xe8, which is not utf-8.", "--encoding cp1252"),
    ),
    "a byte that the encoding given does not know": (
        (HEADER + GOOD + "infirmière,nurse,1\n").encode(),
        {"encoding": "ascii"},
        (": line 3 has the byte 0xc3, which is not ascii.", "--encoding utf-8"),
    ),
    "UTF-16 with its mark": ((HEADER + GOOD).encode("utf-16"), {}, (": line 1 has the byte 0xff", "--encoding utf-16")),
    "UTF-16 without its mark": (
        (HEADER + GOOD).encode("utf-16-le"),
        {},
        (": line 1 has a NUL character", "Pass --encoding utf-16"),
    ),
    "a NUL byte": (HEADER + GOOD + "nur\0se,nurse,1\n", {}, (": line 3 has a NUL character",)),
    "gzip": (b"\x1f\x8b\x08\x00rest", {}, (" is compressed with gzip.", "Unpack it first")),
    "an Excel workbook": (b"PK\x03\x04rest", {}, (" is an Excel workbook or a zip archive.", "Save the sheet as CSV")),
    "a Parquet file": (b"PAR1\x15rest", {}, (" is a Parquet file.", "Rename it to .parquet")),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_csv_is_reported_in_one_line_with_file_place_and_remedy(kind, message_for):
    content, settings, expected = BROKEN[kind]
    message = message_for("pairs.csv", content, **settings)
    for part in expected:
        assert part in message


def test_several_bad_rows_are_counted_and_the_first_five_described(message_for):
    rows = ["a,b,1", ",b,1", "a,b", "a,b,x", "a,b,1,", "a,b,", "a, ,1", "a,b,7", "a,c,0.5"]
    message = message_for("pairs.csv", HEADER + "\n".join(rows) + "\n")
    assert message == (
        ": 7 of 9 rows cannot be used: line 3: 'base' is blank; line 4: 2 fields, expected 3; "
        "line 5: 'similarity' is 'x', not a finite number; line 6: 4 fields, expected 3; "
        "line 7: 'similarity' is missing; and 2 more. "
        "Correct or remove these rows. Put texts that hold ',' in double quotes."
    )


def test_files_of_bad_rows_only_are_reported(message_for):
    message = message_for("pairs.csv", HEADER + "a,b\n" * 6)
    assert message.startswith(": 6 of 6 rows cannot be used: line 2: 2 fields, expected 3; line 3:")
    assert "line 6: 2 fields, expected 3; and 1 more. Correct" in message


def test_long_values_are_cut_and_line_breaks_in_them_do_not_break_the_message(message_for):
    message = message_for("pairs.csv", HEADER + 'a,b,"' + "long\nvalue " * 50 + '"\n')
    assert r"'long\nvalue long\nvalue long\nvalue long\nva'…" in message
    assert len(message) < 200


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_the_file_where_fields_hold_line_breaks(line_break, write_file):
    lines = ["base,ref,similarity", "a,b,1", '"c', "", 'c",d,0', "", 'e,"f', 'f",0.5', "g,h,1"]
    pairs = read_pairs(write_file("pairs.csv", line_break.join(lines)))
    assert pairs.frame["line"].tolist() == [2, 3, 7, 9]
    assert pairs.left[1] == f"c{line_break}{line_break}c"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_errors_after_fields_with_line_breaks_name_the_line_of_the_file(line_break, message_for):
    lines = ["base,ref,similarity", '"a', 'a",b,1', '"c', 'c",d,x', "e,f,1"]
    assert ": line 4: 'similarity' is 'x'" in message_for("pairs.csv", line_break.join(lines))
    bytes_after = line_break.join([*lines[:3], "é,b,1"]).encode("latin-1")
    assert ": line 4 has the byte 0xe9" in message_for("pairs.csv", bytes_after)


def test_quoted_fields_keep_delimiters_quotes_and_white_space(write_file):
    pairs = read_pairs(write_file("pairs.csv", HEADER + '"nurse, ""head""", nurse ,1\n5" pipe,pipe,0\n'))
    assert pairs.left == ['nurse, "head"', '5" pipe']
    assert pairs.right == [" nurse ", "pipe"]


def test_files_without_header_are_read_with_names_given_for_their_columns(write_file):
    path = write_file("pairs.csv", "1,nurse,midwife,0.5\n2,miner,nurse,0\n")
    for columns in (["id", "text1", "text2", "label"], "id,text1,text2,label"):
        pairs = read_pairs(path, columns=columns)
        assert pairs.left == ["nurse", "miner"]
        assert pairs.frame["line"].tolist() == [1, 2]
    assert read_pairs(path, columns="id,a,b,c", left="b", right="a", score="c").left == ["midwife", "nurse"]


@pytest.mark.parametrize("delimiter", ["tab", "\\t", "\t"])
def test_a_tab_can_be_named_as_delimiter_of_a_csv_file(delimiter, write_file):
    path = write_file("pairs.csv", "base\tref\tsimilarity\na,a\tb\t1\n")
    assert read_pairs(path, delimiter=delimiter).left == ["a,a"]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter, write_file):
    path = write_file("pairs.csv", HEADER + GOOD)
    with pytest.raises(SettingsError, match=r"Expected one character, or tab, as --delimiter .* Received"):
        read_pairs(path, delimiter=delimiter)


def test_an_empty_list_of_columns_is_refused(write_file):
    with pytest.raises(SettingsError, match="Expected a name for each column in --columns"):
        read_pairs(write_file("pairs.csv", GOOD), columns=[])


def test_tab_separated_files_written_with_quotes_are_read_with_quotes(write_file):
    rows = [["base", "ref", "similarity"], ['"Nurse"', "a\tb", "1"], ["line\nbreak", "c", "0"]]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter="\t").writerows(rows)
    pairs = read_pairs(write_file("pairs.tsv", buffer.getvalue()))
    assert pairs.left == ['"Nurse"', "line\nbreak"]
    assert pairs.right == ["a\tb", "c"]


def test_tab_separated_files_with_loose_quotation_marks_keep_them_as_they_are(write_file, caplog):
    content = 'base\tref\tsimilarity\n"Come!" he said\tHe said "Come!"\t1\n"Open\tOpen\t1\nclosed"\tclosed\t0\n'
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        pairs = read_pairs(write_file("pairs.tsv", content))
    assert pairs.left == ['"Come!" he said', '"Open', 'closed"']
    assert "read as plain characters" in caplog.text


def test_an_open_quotation_mark_in_a_tab_separated_file_with_quotes_is_reported(message_for):
    message = message_for("pairs.tsv", 'base\tref\tsimilarity\n"a\ta"\tb\t1\n"c\td\t1\n')
    assert ": line 3: a quotation mark opens in this row and is never closed." in message
