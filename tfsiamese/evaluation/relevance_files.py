"""Which document is how relevant to which query, from the files of TREC, BEIR and MELO."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tfsiamese.errors import DataError
from tfsiamese.evaluation.record_files import read_json_records, read_tab_records

__all__ = ["read_relevance"]

_HIGHEST_GRADE = 1_000_000
_QUERY_NAMES = ("query-id", "query_id", "qid", "query")
_DOCUMENT_NAMES = ("corpus-id", "corpus_id", "docid", "doc_id", "doc-id", "pid", "document")
_SCORE_NAMES = ("score", "relevance", "rel")
_MOST_SHOWN = 5


class _Judgement(NamedTuple):
    line: int
    query: str
    document: str
    grade: Any


def read_relevance(path: Path, queries: Collection[str], corpus: Collection[str]) -> dict[str, dict[str, int]]:
    """Reads the grades of documents for queries.

    - `.jsonl`: objects with `query-id`, `corpus-id` and `score`.
    - Otherwise text, separated by tabs or, in a line without a tab, by blanks: three fields (query, document, grade),
      perhaps below a header (BEIR); or four fields, the second of which is not used (TREC, MELO).

    Args:
        path: the file.
        queries: the ids of the queries that there are.
        corpus: the ids of the documents that there are.

    Returns:
        id of a query to id of a document to grade.

    Raises:
        DataError: the file cannot be read, a line has another form, a grade is no whole number, a query or a document
            is not there, or one pair has two grades.
    """
    relevance: dict[str, dict[str, int]] = {}
    unknown: list[str] = []
    for judgement in _json_judgements(path) if path.suffix == ".jsonl" else _text_judgements(path):
        line, query, document, _ = judgement
        if query not in queries:
            unknown.append(f"line {line}: query {query!r}")
        elif document not in corpus:
            unknown.append(f"line {line}: document {document!r}")
        grade = _whole(judgement, path)
        if relevance.setdefault(query, {}).setdefault(document, grade) != grade:
            raise DataError(
                f"{path}: line {line} grades the document {document!r} {grade} for the query {query!r}, and a line "
                f"above {relevance[query][document]}. Expected one grade."
            )
    if unknown:
        shown = "; ".join(unknown[:_MOST_SHOWN]) + ("; …" if len(unknown) > _MOST_SHOWN else "")
        raise DataError(
            f"{path} names what is not there on {len(unknown)} line{'s' if len(unknown) > 1 else ''}: {shown}. "
            "Expected ids of the queries and of the corpus beside it."
        )
    return relevance


def _text_judgements(path: Path) -> Iterator[_Judgement]:
    for index, (line, fields) in enumerate(read_tab_records(path, blanks_separate=True)):
        fields = [field.strip() for field in fields]
        if len(fields) not in (3, 4):
            raise DataError(
                f"{path}: line {line} has {len(fields)} field{'s' if len(fields) > 1 else ''}. Expected query, "
                "document and grade (BEIR), or query, 0, document and grade (TREC)."
            )
        if index == 0 and _is_header(fields):
            continue
        yield _Judgement(line, fields[0], fields[-2], fields[-1])


def _is_header(fields: list[str]) -> bool:
    names = [field.casefold() for field in fields]
    return names[0] in _QUERY_NAMES and names[-2] in _DOCUMENT_NAMES and names[-1] in _SCORE_NAMES


def _json_judgements(path: Path) -> Iterator[_Judgement]:
    for line, record in read_json_records(path):
        found = [
            next((record[name] for name in names if name in record), None)
            for names in (_QUERY_NAMES, _DOCUMENT_NAMES, _SCORE_NAMES)
        ]
        if None in found:
            raise DataError(f'{path}: line {line} lacks a key. Expected {{"query-id": …, "corpus-id": …, "score": …}}.')
        yield _Judgement(line, str(found[0]), str(found[1]), found[2])


def _whole(judgement: _Judgement, path: Path) -> int:
    try:
        number = float(judgement.grade)
        if number.is_integer() and abs(number) <= _HIGHEST_GRADE:
            return int(number)
    except (TypeError, ValueError):
        pass
    raise DataError(
        f"{path}: line {judgement.line} has the grade {judgement.grade!r}. Expected a whole number up to "
        f"{_HIGHEST_GRADE}, where above 0 is relevant."
    )
