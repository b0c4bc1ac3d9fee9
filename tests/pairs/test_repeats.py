import logging

import pandas as pd

from tfsiamese.pairs import read_pairs
from tfsiamese.pairs.repeats import Contradiction, Repeat

ROWS = [
    ("a", "b", 4),
    ("c", "d", 0),
    ("a", "b", 4),  # duplicate of 1
    ("b", "a", 4),  # mirror of 1
    ("b", "a", 4),  # duplicate of 4
    ("d", "c", 5),  # contradicts 2
    ("d", "c", 2),  # contradicts 2 again: still one pair
    ("e", "e", 5),
    ("e", "e", 5),  # duplicate of 8: its own mirror image
    ("f", "g", 1),
    ("f", "g", 3),  # contradicts 10
]


def pairs_of(rows):
    return read_pairs(pd.DataFrame(rows, columns=["left", "right", "score"]), score_range=(0, 5))


def test_repeats_are_counted_with_the_lines_they_repeat():
    repeats = pairs_of(ROWS).repeats
    assert (repeats.duplicates, repeats.mirrored, repeats.contradictions) == (3, 1, 2)
    assert repeats.duplicate_examples == (Repeat(3, 1), Repeat(5, 4), Repeat(9, 8))
    assert repeats.mirrored_examples == (Repeat(4, 1),)
    assert repeats.contradiction_examples == (
        Contradiction(6, 5.0, 2, 0.0, "c", "d"),
        Contradiction(11, 3.0, 10, 1.0, "f", "g"),
    )


def test_repeated_rows_are_kept():
    pairs = pairs_of(ROWS)
    assert list(zip(pairs.left, pairs.right, strict=True)) == [row[:2] for row in ROWS]
    assert (pairs.duplicates, pairs.mirrored, pairs.contradictions) == (3, 1, 2)


def test_pairs_that_share_one_text_are_no_repeats():
    pairs = pairs_of([("a", "b", 1), ("a", "c", 1), ("c", "b", 2), ("ab", "c", 0), ("a", "bc", 3)])
    assert (pairs.duplicates, pairs.mirrored, pairs.contradictions) == (0, 0, 0)
    assert len(pairs.summary().splitlines()) == 1


def test_the_summary_names_counts_and_examples_in_the_scale_of_the_source():
    assert pairs_of(ROWS).summary().splitlines() == [
        "11 pairs from DataFrame, scores 0 to 1 (given on a scale of 0 to 5), 7 different texts",
        "3 duplicate rows: line 3 repeats line 1; line 5 repeats line 4; line 9 repeats line 8",
        "1 mirrored row: line 4 repeats line 1",
        "2 pairs with several scores: 'c' and 'd' have 0 on line 2, 5 on line 6; "
        "'f' and 'g' have 1 on line 10, 3 on line 11",
    ]


def test_the_summary_shows_three_examples_at_most():
    summary = pairs_of([("a", "b", 1)] * 6).summary()
    assert summary.endswith("5 duplicate rows: line 2 repeats line 1; line 3 repeats line 1; line 4 repeats line 1; …")


def test_contradictions_are_logged_as_a_warning_with_count_and_examples(write_file, caplog):
    path = write_file("pairs.csv", "base,ref,similarity\nnurse,midwife,0.5\nmidwife,nurse,0.75\n")
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        read_pairs(path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: 1 pair with more than one score, e.g. 'nurse' and 'midwife' have 0.5 on line 2, 0.75 on line 3. "
        "All rows are kept."
    ]


def test_duplicates_alone_are_not_logged(caplog):
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        assert pairs_of([("a", "b", 1), ("b", "a", 1), ("a", "b", 1)]).duplicates == 1
    assert not caplog.records
