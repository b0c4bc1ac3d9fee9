"""Queries or documents from a file: an id and a text each."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.evaluation.record_files import read_json_records, read_tab_records
from tfsiamese.pairs.values import is_unicode

__all__ = ["read_texts_by_id", "to_ascii"]

_ID_NAMES = ("_id", "id", "query-id", "query_id", "qid", "corpus-id", "corpus_id", "docid", "doc_id", "doc-id", "pid")
_TEXT_NAMES = ("text", "query", "passage")


def read_texts_by_id(path: Path) -> dict[str, str]:
    """Reads id and text of each line, in their order.

    - `.tsv`: two fields, id and text; or the fields that a header names, such as `_id`, `title`, `text`.
    - `.jsonl`: objects with `_id` (or `id`), `text`, and perhaps `title`, as in BEIR.

    A title is put in front of its text, with a blank between. A line that repeats an id with the same text is passed
    over.

    Raises:
        DataError: the file cannot be read, a line lacks its id or text, or an id has two texts.
    """
    rows = _json_rows(path) if path.suffix == ".jsonl" else _tab_rows(path)
    texts: dict[str, str] = {}
    for line, identifier, text in rows:
        if not identifier:
            raise DataError(f"{path}: line {line} has no id. Expected an id and a text.")
        if not is_unicode(identifier + text):
            raise DataError(f"{path}: line {line} has half a surrogate pair, which is no character. Mend the text.")
        if texts.setdefault(identifier, text) != text:
            raise DataError(
                f"{path}: line {line} has another text for the id {identifier!r}, which occurs above. "
                "Expected one text an id."
            )
    if not texts:
        raise DataError(f"{path} holds no texts. Expected an id and a text on each line.")
    return texts


def to_ascii(text: str) -> str:
    """Drops what is not ASCII after NFKD: "Café ☕" becomes "Cafe ".

    Letters lose their accents, and what has no such decomposition (ß, Greek, Japanese) is gone.

    Reference: the preparation of texts in MELO, arXiv:2410.08319.
    """
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _tab_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    positions: tuple[int, int | None, int] = (0, None, 1)
    width = 2
    for index, (line, fields) in enumerate(read_tab_records(path)):
        if index == 0 and (named := _positions(fields)) is not None:
            positions, width = named, len(fields)
            continue
        if len(fields) != width:
            raise DataError(
                f"{path}: line {line} has {len(fields)} field{'s' if len(fields) > 1 else ''}, expected {width}, "
                "separated by tabs. Name the columns in a header (_id, title, text) where there are others."
            )
        at_id, at_title, at_text = positions
        yield line, fields[at_id].strip(), _joined(None if at_title is None else fields[at_title], fields[at_text])


def _positions(fields: list[str]) -> tuple[int, int | None, int] | None:
    """Where a header has the id, the title and the text; None where this line is no header."""
    names = [field.strip().casefold() for field in fields]
    at_id = next((names.index(name) for name in _ID_NAMES if name in names), None)
    at_text = next((names.index(name) for name in _TEXT_NAMES if name in names), None)
    if at_id is None or at_text is None:
        return None
    return at_id, names.index("title") if "title" in names else None, at_text


def _json_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    for line, record in read_json_records(path):
        identifier: Any = next((record[name] for name in _ID_NAMES if name in record), None)
        text = next((record[name] for name in _TEXT_NAMES if name in record), None)
        title = record.get("title")
        if isinstance(identifier, bool) or not isinstance(identifier, str | int):
            raise DataError(f'{path}: line {line} has no id. Expected {{"_id": …, "text": …}}.')
        if not isinstance(text, str) or not isinstance(title, str | None):
            raise DataError(f'{path}: line {line} has no text. Expected {{"_id": …, "text": …}}, with texts in quotes.')
        yield line, str(identifier).strip(), _joined(title, text)


def _joined(title: str | None, text: str) -> str:
    return f"{title} {text}".strip() if title else text
