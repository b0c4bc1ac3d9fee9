"""The files that a run leaves: pairs, a validation set, a retrieval set, a report."""

import contextlib
import csv
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_folder
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.tasks import Task, WrittenPair
from tfsiamese.generation.unused import Unused
from tfsiamese.pairs import read_examples

__all__ = [
    "OutputPaths",
    "is_retrieval_set",
    "publish_retrieval",
    "remove_retrieval",
    "write_pairs",
    "write_retrieval",
    "write_unused",
]

_SUFFIXES = (".csv", ".tsv", ".jsonl")

_RETRIEVAL_FILES = ("corpus.jsonl", "qrels.tsv", "queries.jsonl")
# Forty letters of English, thirteen Chinese characters.
_BYTES_OF_A_SENTENCE = 40


class OutputPaths:
    """Where everything goes: beside the pairs, under their name.

    Args:
        out: the file of pairs.

    Raises:
        SettingsError: its suffix is unknown, or it is a folder.
    """

    def __init__(self, out: str | os.PathLike[str]):
        self.pairs = Path(out)
        if self.pairs.suffix.lower() not in _SUFFIXES or self.pairs.is_dir():
            raise SettingsError(f"Expected a file to write that ends in {', '.join(_SUFFIXES)}. Received: {out}.")
        stem = self.pairs.with_suffix("")
        self.validation = stem.with_name(f"{stem.name}.validation{self.pairs.suffix}")
        self.retrieval = stem.with_name(f"{stem.name}.retrieval")
        self.answers = stem.with_name(f"{stem.name}.answers.sqlite")
        self.unused = stem.with_name(f"{stem.name}.unused.jsonl")
        self.report = stem.with_name(f"{stem.name}.report.md")

    def holds(self, path: Path) -> bool:
        """Whether a file is one of these, or in the folder of retrieval."""
        real = os.path.realpath(path)
        return any(real == own or real.startswith(own + os.sep) for own in map(os.path.realpath, vars(self).values()))

    def check_replaceable(self) -> None:
        """Refuses to replace a folder of something else.

        Raises:
            SettingsError: in the place of the retrieval set stands another file or folder.
        """
        if os.path.lexists(self.retrieval) and not is_retrieval_set(self.retrieval):
            raise SettingsError(
                f"{self.retrieval} is not a retrieval set that generate wrote. Expected {', '.join(_RETRIEVAL_FILES)} "
                "and nothing else in it: move it away, or name another --out (out= in Python)."
            )


@contextlib.contextmanager
def publish_retrieval(folder: Path) -> Iterator[Path]:
    """Yields a temporary folder; puts it in the place of `folder`, which an earlier run may have written."""
    with publish_folder(folder) as temporary:
        yield temporary
        remove_retrieval(folder)


def remove_retrieval(folder: Path) -> None:
    """Removes the retrieval set of an earlier run; leaves alone what is none."""
    if is_retrieval_set(folder):
        shutil.rmtree(folder)


def is_retrieval_set(folder: Path) -> bool:
    """Whether it is a folder with the files of a retrieval set and no others."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(path.name in _RETRIEVAL_FILES and path.is_file() and not path.is_symlink() for path in folder.iterdir())


def write_pairs(pairs: Sequence[WrittenPair], task: Task, temporary: Path, path: Path) -> None:
    """Writes pairs with the place that each comes from, and reads them back as `tfsiamese train` will.

    The columns are the task's; behind them, where none of them is the chunk's text and there is a question to it,
    passage; then source, page and offset of the chunk.

    Args:
        pairs: one at least.
        task: names the columns.
        temporary: where to write.
        path: where the file will be, for messages.

    Raises:
        DataError: the file would not be read back as it is.
    """
    rows = [_row(pair, task) for pair in pairs]
    _write_rows(rows, temporary)
    try:
        read = len(read_examples(temporary))
    except DataError as error:
        raise DataError(str(error).replace(str(temporary), str(path))) from error
    if read != len(rows):
        raise DataError(f"{path}: {read:,} of {len(rows):,} rows are read back. Write .jsonl instead.")


def _row(pair: WrittenPair, task: Task) -> dict[str, Any]:
    values = (pair.left, pair.right, pair.negative if pair.score is None else pair.score)
    row: dict[str, Any] = dict(zip(task.columns, values, strict=False))
    if task.is_retrieval and not task.takes_chunk:
        row["passage"] = pair.chunk.text
    return row | {"source": pair.chunk.source, "page": pair.chunk.page, "offset": pair.chunk.offset}


def _write_rows(rows: list[dict[str, Any]], path: Path) -> None:
    if path.suffix.lower() == ".jsonl":
        _write_json_lines(rows, path)
        return
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_retrieval(pairs: Sequence[WrittenPair], chunks: Iterable[Chunk], task: Task, folder: Path) -> None:
    """Writes what `tfsiamese evaluate --retrieval` reads: each left text as a query for its passage.

    The corpus holds each chunk without what it shares with the one before; where a pair holds a part of its chunk as
    the passage, that part stands for the chunk. So no query stands in what it looks for. Sentences that stand in a
    passage of their document, word by word, are no queries.

    Args:
        pairs: of held-out documents.
        chunks: those of the held-out documents.
        task: a retrieval task.
        folder: an empty one, for queries, corpus and relevance.
    """
    corpus = _without_overlaps(chunks)
    for pair in pairs:
        if task.takes_chunk and len(pair.right) < len(corpus.get(pair.chunk, pair.chunk.text)):
            corpus[pair.chunk] = pair.right
    documents: dict[str, list[str]] = {}
    for chunk, text in corpus.items():
        documents.setdefault(chunk.source, []).append(text)
    asked = [pair for pair in pairs if _is_short(pair.left) or not _stands_in(pair.left, documents[pair.chunk.source])]
    numbers = {query: f"q{number}" for number, query in enumerate(dict.fromkeys(pair.left for pair in asked), start=1)}
    names = {chunk: _name(chunk) for chunk in corpus}
    _write_json_lines(({"_id": number, "text": query} for query, number in numbers.items()), folder / "queries.jsonl")
    _write_json_lines(({"_id": names[chunk], "text": text} for chunk, text in corpus.items()), folder / "corpus.jsonl")
    with (folder / "qrels.tsv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines(f"{numbers[pair.left]}\t{names[pair.chunk]}\t1\n" for pair in asked)


def _without_overlaps(chunks: Iterable[Chunk]) -> dict[Chunk, str]:
    """The text of each chunk that does not stand in an earlier chunk of its document."""
    ends: dict[str, int] = {}
    texts = {}
    for chunk in sorted(chunks, key=lambda chunk: (chunk.source, chunk.offset)):
        shared = max(0, ends.get(chunk.source, 0) - chunk.offset)
        ends[chunk.source] = max(ends.get(chunk.source, 0), chunk.offset + len(chunk.text))
        texts[chunk] = chunk.text[shared:].strip() or chunk.text
    return texts


def _stands_in(query: str, passages: Iterable[str]) -> bool:
    return any(query in passage for passage in passages)


def _is_short(query: str) -> bool:
    """Whether it is a phrase, which may stand anywhere, rather than a sentence."""
    return len(query.encode()) < _BYTES_OF_A_SENTENCE


def _name(chunk: Chunk) -> str:
    source = re.sub(r"[%#]|\s", lambda match: quote(match.group()), chunk.source)
    return f"{source}#{chunk.offset}"


def write_unused(unused: Sequence[Unused], path: Path) -> None:
    """Writes one JSON object a line for every file, chunk, item and pair that was not used, with the reason."""
    _write_json_lines(
        ({key: value for key, value in vars(entry).items() if value not in (None, "", ())} for entry in unused), path
    )


def _write_json_lines(objects: Iterable[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for entry in objects:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
