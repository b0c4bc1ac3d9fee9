"""Writes examples to a file that `read_examples` reads back as they are."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError, DependencyError, SettingsError
from tfsiamese.files import publish_file
from tfsiamese.pairs.delimited import keeps_quotes
from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.triplets import Triplets

__all__ = ["write_examples"]

Columns = dict[str, list[Any]]


def write_examples(examples: Examples, path: str | os.PathLike[str]) -> None:
    """Writes examples; the file appears whole or not at all, and a file that is there is replaced.

    `read_examples` reads the file back with the same fingerprint. Scores of pairs are written as they are in `frame`,
    from 0 to 1. In .csv and .tsv files negatives are in columns negative, negative_2, … with empty cells where a row
    has fewer; in .jsonl and .parquet files they are lists.

    Args:
        examples: pairs, triplets or texts with a class.
        path: the file to write; .csv, .tsv, .jsonl or .parquet. Texts are written in UTF-8.

    Raises:
        DataError: there are no rows, or a text cannot be written in this format.
        DependencyError: the file is to be Parquet and pyarrow is not installed.
        SettingsError: the suffix is none of these.

    Example:
        >>> write_examples(pairs, "pairs.jsonl")
    """
    path = Path(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise SettingsError(f"Expected a file of one of the suffixes {', '.join(_WRITERS)}. Received: {path}.")
    if not len(examples):
        raise DataError(
            f"{examples.source} has no rows, so there is nothing to write to {path}. Expected one at least."
        )
    with publish_file(path) as temporary:
        write(examples, temporary, path)


def _columns(examples: Examples) -> Columns:
    """The columns of a file that can hold lists."""
    if isinstance(examples, Pairs):
        return {name: examples.frame[name].tolist() for name in ("left", "right", "score")}
    if isinstance(examples, LabelledTexts):
        return {"text": examples.texts(), "class": examples.frame["label"].tolist()}
    columns: Columns = {"anchor": examples.anchors, "positive": examples.positives}
    if examples.num_negatives:
        columns["negatives"] = list(map(list, examples.negatives))
    if examples.scores is not None:
        columns["positive_score"] = [scores[0] for scores in examples.scores]
        if examples.num_negatives:
            columns["negative_scores"] = [list(scores[1:]) for scores in examples.scores]
    if examples.groups is not None:
        columns["group"] = examples.groups
    return columns


def _flat_columns(examples: Examples) -> Columns:
    """The columns of a file whose cells hold one value each."""
    columns = _columns(examples)
    if not isinstance(examples, Triplets) or not examples.num_negatives:
        return columns
    flat: Columns = {}
    for name, values in columns.items():
        if name == "negatives":
            flat |= _numbered(values, "negative{}")
        elif name == "negative_scores":
            flat |= _numbered(values, "negative{}_score")
        else:
            flat[name] = values
    return flat


def _numbered(rows: list[list[Any]], name: str) -> Columns:
    """Lists as columns, the first without a number, then _2, _3, …; None where a list is shorter."""
    return {
        name.format(f"_{place + 1}" if place else ""): [row[place] if place < len(row) else None for row in rows]
        for place in range(max(map(len, rows)))
    }


def _write_delimited(examples: Examples, temporary: Path, path: Path) -> None:
    columns = _flat_columns(examples)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    texts = [value for column in columns.values() for value in column if isinstance(value, str)]
    _check_lengths(texts, path)
    # Up to Python 3.12 the csv module leaves a lone \r unquoted, which then reads as the end of the row.
    quoting: Any = csv.QUOTE_ALL if any("\r" in text for text in texts) else csv.QUOTE_MINIMAL
    with temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    if delimiter == "\t" and not keeps_quotes(temporary.read_bytes().decode()):
        raise DataError(
            f"{path}: the tabs and line breaks inside the texts of {examples.source} would be read as those between "
            "columns and rows. Write .csv, .jsonl or .parquet."
        )


def _check_lengths(texts: list[str], path: Path) -> None:
    longest = max(map(len, texts))
    if longest > csv.field_size_limit():
        raise DataError(
            f"{path}: a text of {longest} characters is longer than the {csv.field_size_limit()} that are read from a "
            "field of a .csv or .tsv file. Write .jsonl or .parquet."
        )


def _write_json_lines(examples: Examples, temporary: Path, path: Path) -> None:
    columns = _columns(examples)
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row in zip(*columns.values(), strict=True):
            file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")


def _write_parquet(examples: Examples, temporary: Path, path: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError(
            f'{path}: writing Parquet needs pyarrow. Install it with pip install "tfsiamese[parquet]".'
        ) from error
    parquet.write_table(pyarrow.table(_columns(examples)), temporary)


_WRITERS: dict[str, Callable[[Examples, Path, Path], None]] = {
    ".csv": _write_delimited,
    ".tsv": _write_delimited,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}
