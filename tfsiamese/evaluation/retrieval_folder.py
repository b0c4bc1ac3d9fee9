"""A folder with queries, corpus and relevance -> RetrievalData."""

import os
from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.evaluation.relevance_files import read_relevance
from tfsiamese.evaluation.retrieval_data import RetrievalData
from tfsiamese.evaluation.retrieval_texts import read_texts_by_id, to_ascii

__all__ = ["read_retrieval"]


def read_retrieval(
    folder: str | os.PathLike[str],
    *,
    split: str = "test",
    ascii: bool = False,  # noqa: A002
) -> RetrievalData:
    """Reads a retrieval set in the layout of BEIR, TREC or MELO, known by the names of its files.

    | part | file | content |
    |---|---|---|
    | queries | `queries.tsv`, `queries.jsonl` | id, text |
    | documents | `corpus.tsv`, `corpus.jsonl`, `corpus_elements.tsv` | id, text, perhaps a title |
    | relevance | `qrels/SPLIT.tsv`, `qrels.tsv`, `annotations.tsv` (or `.txt`, `.jsonl`) | query, document, grade |

    Queries that the relevance doesn't name are left out: in BEIR the queries of all splits are in one file. Quotation
    marks in text files are plain characters. All files are in UTF-8.

    Args:
        folder: holds one file for each part.
        split: which file of the folder `qrels`: "test", "dev" or "train".
        ascii: whether all texts lose what is not ASCII after NFKD, as MELO prepares them before it measures.

    Raises:
        DataError: a part is missing or is there twice, or a file cannot be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder. Expected a folder that holds queries, corpus and qrels.")
    query_path = _only_file(folder, ["queries.tsv", "queries.jsonl"], "queries")
    corpus_path = _only_file(folder, ["corpus.tsv", "corpus.jsonl", "corpus_elements.tsv"], "documents")
    relevance_path = _only_file(folder, _relevance_names(folder, split), "relevance")
    queries, corpus = read_texts_by_id(query_path), read_texts_by_id(corpus_path)
    relevance = read_relevance(relevance_path, queries, corpus)
    if ascii:
        queries, corpus = ({key: to_ascii(text) for key, text in texts.items()} for texts in (queries, corpus))
    return RetrievalData(queries, corpus, relevance, str(folder))


def _relevance_names(folder: Path, split: str) -> list[str]:
    splits = [f"qrels/{split}{suffix}" for suffix in (".tsv", ".txt", ".jsonl")]
    if (folder / "qrels").is_dir() or split != "test":
        return splits
    return [*splits, "qrels.tsv", "qrels.txt", "qrels.jsonl", "annotations.tsv"]


def _only_file(folder: Path, names: list[str], what: str) -> Path:
    found = [name for name in names if (folder / name).is_file()]
    if len(found) == 1:
        return folder / found[0]
    if found:
        raise DataError(
            f"{folder} holds {' and '.join(found)}. Expected one file with the {what}: move the others away."
        )
    there = sorted(path.relative_to(folder).as_posix() for path in (*folder.glob("*.*"), *folder.glob("qrels/*")))
    raise DataError(
        f"{folder} has no file with the {what}. Expected one of {', '.join(names)}. "
        f"Found: {', '.join(there[:10]) or 'nothing'}{', …' if len(there) > 10 else ''}."
    )
