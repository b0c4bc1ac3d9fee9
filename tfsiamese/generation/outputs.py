"""The files that a run leaves: pairs, a validation set, a retrieval set, a report."""

import csv
import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_file, publish_folder
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.tasks import Task, WrittenPair
from tfsiamese.generation.unused import Unused
from tfsiamese.pairs import read_examples

__all__ = ["OutputPaths", "write_pairs", "write_retrieval", "write_unused"]

SUFFIXES = (".csv", ".tsv", ".jsonl")

_RETRIEVAL_FILES = ("corpus.jsonl", "qrels.tsv", "queries.jsonl")
_PLACE_COLUMNS = ("source", "page", "offset")


class OutputPaths:
    """Where everything goes: beside the pairs, under their name.

    Args:
        out: the file of pairs.

    Raises:
        SettingsError: its suffix is unknown, or it is a folder.
    """

    def __init__(self, out: str | os.PathLike[str]):
        self.pairs = Path(out)
        if self.pairs.suffix.lower() not in SUFFIXES or self.pairs.is_dir():
            raise SettingsError(f"Expected a file to write that ends in {', '.join(SUFFIXES)}. Received: {out}.")
        stem = self.pairs.with_suffix("")
        self.validation = stem.with_name(f"{stem.name}.validation{self.pairs.suffix}")
        self.retrieval = stem.with_name(f"{stem.name}.retrieval")
        self.answers = stem.with_name(f"{stem.name}.answers.sqlite")
        self.unused = stem.with_name(f"{stem.name}.unused.jsonl")
        self.report = stem.with_name(f"{stem.name}.report.md")


def write_pairs(pairs: Sequence[WrittenPair], task: Task, path: Path) -> None:
    """Writes pairs with the place that each comes from, and reads them back as `tfsiamese train` will.

    The columns are the task's, and behind them source, page and offset of the chunk.

    Raises:
        DataError: there are no pairs, or the file would not be read back as it is.
    """
    rows = [_row(pair, task) for pair in pairs]
    with publish_file(path) as temporary:
        _write_rows(rows, [*task.columns, *_PLACE_COLUMNS], temporary)
        try:
            read = len(read_examples(temporary))
        except DataError as error:
            raise DataError(str(error).replace(str(temporary), str(path))) from error
        if read != len(rows):
            raise DataError(f"{path}: {read:,} of {len(rows):,} rows are read back. Write .jsonl instead.")


def _row(pair: WrittenPair, task: Task) -> dict[str, Any]:
    values = (pair.left, pair.right, pair.negative if pair.score is None else pair.score)
    place = (pair.chunk.source, pair.chunk.page, pair.chunk.offset)
    return dict(zip([*task.columns, *_PLACE_COLUMNS], [*values[: len(task.columns)], *place], strict=True))


def _write_rows(rows: list[dict[str, Any]], columns: list[str], path: Path) -> None:
    if path.suffix.lower() == ".jsonl":
        _write_json_lines(rows, path)
        return
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_retrieval(pairs: Sequence[WrittenPair], chunks: Iterable[Chunk], task: Task, folder: Path) -> None:
    """Writes what `tfsiamese evaluate --retrieval` reads: each left text as a query for its passage.

    The corpus holds the passage of each pair, and every other chunk of the same documents. Where the pairs hold a part
    of their chunk as the passage, that part stands for the chunk, so that no query stands in what it looks for. A
    folder that an earlier run wrote is replaced.

    Args:
        pairs: of held-out documents.
        chunks: those of the held-out documents.
        task: a retrieval task.
        folder: where to write queries, corpus and relevance.

    Raises:
        SettingsError: the folder is there and holds something else.
    """
    _check_replaceable(folder)
    corpus = {chunk: chunk.text for chunk in chunks}
    if task.takes_chunk:
        corpus |= {pair.chunk: pair.right for pair in pairs}
    names = {chunk: _name(chunk) for chunk in corpus}
    queries = list(dict.fromkeys(pair.left for pair in pairs))
    numbers = {query: f"q{number}" for number, query in enumerate(queries, start=1)}
    with publish_folder(folder) as temporary:
        _write_json_lines(({"_id": numbers[query], "text": query} for query in queries), temporary / "queries.jsonl")
        _write_json_lines(
            ({"_id": names[chunk], "text": text} for chunk, text in corpus.items()), temporary / "corpus.jsonl"
        )
        with (temporary / "qrels.tsv").open("w", encoding="utf-8", newline="\n") as file:
            file.write("query-id\tcorpus-id\tscore\n")
            file.writelines(f"{numbers[pair.left]}\t{names[pair.chunk]}\t1\n" for pair in pairs)
        shutil.rmtree(folder, ignore_errors=True)  # what replaces it is complete by now


def _name(chunk: Chunk) -> str:
    source = re.sub(r"[%#]|\s", lambda match: quote(match.group()), chunk.source)
    return f"{source}#{chunk.offset}"


def _check_replaceable(folder: Path) -> None:
    others = sorted({path.name for path in folder.iterdir()} - {*_RETRIEVAL_FILES}) if folder.is_dir() else []
    if others or folder.is_file():
        raise SettingsError(
            f"{folder} holds {others[0] if others else 'no folder'}, which is not of a retrieval set. Move it away, or "
            "name another --out."
        )


def write_unused(unused: Sequence[Unused], path: Path) -> None:
    """Writes one JSON object a line for every file, chunk and pair that was not used, with the reason."""
    with publish_file(path) as temporary:
        _write_json_lines(
            ({key: value for key, value in vars(entry).items() if value not in (None, "", ())} for entry in unused),
            temporary,
        )


def _write_json_lines(objects: Iterable[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for entry in objects:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
