"""Reads examples from a file of any known format, or from a DataFrame."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.columns import ColumnNames, PairColumns
from tfsiamese.pairs.delimited import delimited_chunks, read_delimited
from tfsiamese.pairs.examples import ExampleColumns, Examples
from tfsiamese.pairs.json_lines import json_line_chunks, read_json_lines
from tfsiamese.pairs.labelled_texts import labelled_texts_from_table
from tfsiamese.pairs.pairs import Pairs, pairs_from_table
from tfsiamese.pairs.table import ColumnFinder, Table, TableChunks
from tfsiamese.pairs.tables import parquet_chunks, read_frame, read_parquet
from tfsiamese.pairs.text_file import require_file
from tfsiamese.pairs.triplets import triplets_from_table
from tfsiamese.pairs.validation import score_limits

__all__ = ["open_chunks", "read_examples", "read_pairs"]

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")
_SUFFIXES = (*_DELIMITERS, *_JSON_LINES, ".parquet")


def read_pairs(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    left: str | None = None,
    right: str | None = None,
    score: str | None = None,
    score_range: Sequence[float] | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
) -> Pairs:
    r"""Reads pairs of texts with scores, and checks every row.

    Columns are found by name: (base, ref, similarity), (sentence1, sentence2, score), (text1, text2, label) and
    (left, right, score) are known; white space around names and upper or lower case make no difference. Other columns
    may be there too. Texts are kept as they are written: "NA", "null" and "001" are texts.

    Args:
        source: a file, .csv, .tsv, .jsonl (or .ndjson, .json: one object a line) or .parquet, or a DataFrame.
        left: the name of the column of left texts, where it is not a known one.
        right: the name of the column of right texts.
        score: the name of the column of scores.
        score_range: the lowest and the highest possible score, which become 0 and 1. Without it scores must lie from
            0 to 1.
        encoding: the encoding of a text file. A byte order mark is passed over.
        delimiter: the character between the fields of a .csv or .tsv file; "tab" stands for `\t`. By default the comma
            in .csv, the tab in .tsv.
        columns: the names of all columns of a .csv or .tsv file without a header, as a sequence or as one string with
            commas between them.

    Returns:
        The pairs, in the order of the source. Duplicates and contradictions are kept, and counted by
        `Pairs.summary()`; pairs that have more than one score are also logged as a warning.

    Raises:
        DataError: the source cannot be read, or rows of it cannot be used. The message, one line, names the first of
            them with their line numbers.
        DependencyError: the file is Parquet and pyarrow is not installed.
        SettingsError: a setting cannot be used, or does not go with the source.

    Example:
        >>> pairs = read_pairs("pairs.csv")
        >>> dev = read_pairs("stsb-en-dev.csv", columns=["sentence1", "sentence2", "score"], score_range=(0, 5))
    """
    score_limits(score_range)
    finder = PairColumns(ColumnNames(left, right, score))
    return pairs_from_table(_read(source, finder, encoding, delimiter, columns), score_range)


def read_examples(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    left: str | None = None,
    right: str | None = None,
    score: str | None = None,
    score_range: Sequence[float] | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
) -> Examples:
    """Reads examples of any shape, and checks every row. The names of the columns tell the shape.

    - Scored pairs, as in `read_pairs`; (left, right, teacher_score) is known too.
    - (anchor, positive), (query, positive), (query, passage) or (question, answer): `Triplets`. Beside them may stand
      negatives, as negative, negative_1, negative_2, … (an empty cell: one negative less in that row) or, except in
      .csv and .tsv files, as lists in negatives; a teacher's scores, as positive_score with negative_score,
      negative_2_score, … or the lists negative_scores, all of them or none (or as lists in scores, the positive's
      first); and group, the same in rows whose positives are positives of each other's anchors.
    - (text, class), (text, label) or (sentence, label): `LabelledTexts`.

    White space around names and upper or lower case make no difference, and other columns may be there too.

    Args:
        source: a file, .csv, .tsv, .jsonl (or .ndjson, .json: one object a line) or .parquet, or a DataFrame.
        left: the name of the column of left texts of scored pairs, where it is not a known one.
        right: the name of the column of right texts of scored pairs.
        score: the name of the column of scores of scored pairs.
        score_range: the lowest and the highest possible score of scored pairs, which become 0 and 1.
        encoding: as in `read_pairs`.
        delimiter: as in `read_pairs`.
        columns: as in `read_pairs`.

    Returns:
        The examples, in the order of the source.

    Raises:
        DataError: the source cannot be read, no shape fits or several do, or rows cannot be used.
        DependencyError: the file is Parquet and pyarrow is not installed.
        SettingsError: a setting cannot be used, or does not go with the source.

    Example:
        >>> read_examples("questions.csv")
        <Triplets: 60 rows from questions.csv, no negatives>
    """
    score_limits(score_range)
    table = _read(source, ExampleColumns(ColumnNames(left, right, score)), encoding, delimiter, columns)
    if table.layout.shape == "pairs":
        return pairs_from_table(table, score_range)
    if score_range is not None:
        raise SettingsError(
            f"--score-range (score_range= in Python) is for scored pairs only. Received it for {table.source}, which "
            f"holds {table.layout.row} in each row: leave it out."
        )
    return triplets_from_table(table) if table.layout.shape == "triplets" else labelled_texts_from_table(table)


def _read(
    source: str | os.PathLike[str] | pd.DataFrame,
    finder: ColumnFinder,
    encoding: str,
    delimiter: str | None,
    columns: Sequence[str] | None,
) -> Table:
    if isinstance(source, pd.DataFrame):
        _reject_text_settings("a DataFrame", delimiter, columns)
        return read_frame(source, finder)
    if not isinstance(source, (str, os.PathLike)):
        raise SettingsError(f"Expected the path of a file, or a pandas DataFrame. Received: {type(source).__name__}.")
    if not os.fspath(source):
        raise SettingsError("The path of the file is empty. Expected the path of a file, or a pandas DataFrame.")
    path = Path(source)
    suffix = _checked_suffix(path, delimiter, columns)
    if suffix in _DELIMITERS:
        names = columns.split(",") if isinstance(columns, str) else columns
        return read_delimited(path, finder, encoding=encoding, delimiter=_separator(suffix, delimiter), columns=names)
    if suffix in _JSON_LINES:
        return read_json_lines(path, finder, encoding=encoding)
    return read_parquet(path, finder)


def open_chunks(
    path: Path,
    finder: ColumnFinder,
    encoding: str,
    delimiter: str | None,
    columns: Sequence[str] | None,
    chunk_rows: int,
) -> TableChunks:
    """Reads a file of any format `chunk_rows` rows at a time, in the memory of these rows.

    Raises:
        DataError, DependencyError, SettingsError: as `read_examples`.
    """
    suffix = _checked_suffix(path, delimiter, columns)
    if suffix in _DELIMITERS:
        names = columns.split(",") if isinstance(columns, str) else columns
        separator = _separator(suffix, delimiter)
        return delimited_chunks(
            path, finder, encoding=encoding, delimiter=separator, columns=names, chunk_rows=chunk_rows
        )
    if suffix in _JSON_LINES:
        return json_line_chunks(path, finder, encoding=encoding, chunk_rows=chunk_rows)
    return parquet_chunks(path, finder, chunk_rows=chunk_rows)


def _separator(suffix: str, delimiter: str | None) -> str:
    return _DELIMITERS[suffix] if delimiter is None else delimiter


def _checked_suffix(path: Path, delimiter: str | None, columns: Sequence[str] | None) -> str:
    """The file's suffix, which tells its format; raises where none is known, or a setting does not go with it."""
    suffix = path.suffix.lower()
    if suffix in _DELIMITERS:
        return suffix
    if suffix not in _SUFFIXES:
        require_file(path)
        raise DataError(
            f"{path} has {f'the unknown suffix {path.suffix}' if suffix else 'no suffix'}. Expected one of "
            f"{', '.join(_SUFFIXES)}: convert or rename the file."
        )
    kind = "a file of JSON lines" if suffix in _JSON_LINES else "a Parquet file"
    _reject_text_settings(f"{path}, {kind}", delimiter, columns)
    return suffix


def _reject_text_settings(what: str, delimiter: str | None, columns: Sequence[str] | None) -> None:
    for flag, value in (("--delimiter", delimiter), ("--columns", columns)):
        if value is not None:
            raise SettingsError(
                f"{flag} ({flag[2:]}= in Python) is for .csv and .tsv files only. Received it for {what}: leave it out."
            )
