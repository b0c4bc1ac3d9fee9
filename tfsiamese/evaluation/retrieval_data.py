"""Queries, documents, and which documents answer which query."""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfsiamese.errors import DataError

if TYPE_CHECKING:
    from tfsiamese.pairs import Triplets

__all__ = ["RetrievalData"]

logger = logging.getLogger(__name__)

_MOST_SHOWN = 5


@dataclass(frozen=True, repr=False)
class RetrievalData:
    """What retrieval is measured on.

    Queries without a relevant document cannot be measured: they are left out, with a warning.

    Attributes:
        queries: id to text; no text is blank.
        corpus: id of each document to its text. Two documents may have the same text.
        relevance: id of a query to id of a document to grade: a whole number, where above 0 is relevant. What is not
            there is not relevant.
        source: where it is from.
        num_dropped: how many queries were left out.

    Raises:
        DataError: there are no queries or documents, no query has a relevant document, a query is blank, or
            `relevance` names a query or a document that is not there.
    """

    queries: dict[str, str]
    corpus: dict[str, str]
    relevance: dict[str, dict[str, int]]
    source: str = "RetrievalData"
    num_dropped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for what, texts in (("queries", self.queries), ("documents", self.corpus)):
            if not texts:
                raise DataError(f"{self.source} has no {what}. Expected at least one.")
        self._check_ids()
        self._check_blanks()
        relevant = {query for query, grades in self.relevance.items() if any(grade > 0 for grade in grades.values())}
        if not relevant:
            raise DataError(f"{self.source}: no query has a relevant document. Expected a grade above 0 somewhere.")
        dropped = len(self.queries) - len(relevant)
        if dropped:
            logger.warning("%s: %d of %d queries have no relevant document.", self.source, dropped, len(self.queries))
        object.__setattr__(self, "num_dropped", dropped)
        object.__setattr__(self, "queries", {query: self.queries[query] for query in self.queries if query in relevant})
        object.__setattr__(self, "relevance", {query: dict(self.relevance[query]) for query in self.queries})

    @classmethod
    def from_triplets(cls, triplets: "Triplets", corpus: Iterable[str] | None = None) -> "RetrievalData":
        """Makes a search task of anchors and positives.

        The queries are the distinct anchors; relevant to each are all positives that it has in any row, with grade 1.
        The documents are the distinct positives, negatives and texts of `corpus`. Ids are `q` and `d` with a number, in
        the order of first appearance.

        Args:
            triplets: rows of anchor, positive and any number of negatives.
            corpus: more texts to search in, which makes the task harder and more like the real one.

        Raises:
            DataError: there are no rows, or an anchor is blank.
        """
        query_ids = _numbered("q", triplets.anchors)
        negatives = [text for texts in triplets.negatives for text in texts]
        document_ids = _numbered("d", [*triplets.positives, *negatives, *(corpus or ())])
        relevance: dict[str, dict[str, int]] = {query: {} for query in query_ids.values()}
        for anchor, positive in zip(triplets.anchors, triplets.positives, strict=True):
            relevance[query_ids[anchor]][document_ids[positive]] = 1
        queries = {query: text for text, query in query_ids.items()}
        documents = {document: text for text, document in document_ids.items()}
        return cls(queries, documents, relevance, str(triplets.source))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over ids, texts and grades above 0, as 64 hexadecimal digits; their order makes no difference."""
        digest = hashlib.sha256()
        for part in (self.queries, self.corpus):
            for item in sorted(part.items()):
                digest.update(json.dumps(item).encode())
        for query, grades in sorted(self.relevance.items()):
            relevant = sorted((document, int(grade)) for document, grade in grades.items() if grade > 0)
            digest.update(json.dumps([query, relevant]).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"RetrievalData({len(self.queries):,} queries, {len(self.corpus):,} documents from {self.source})"

    def _check_ids(self) -> None:
        unknown = [f"query {query!r}" for query in self.relevance if query not in self.queries]
        for query, grades in self.relevance.items():
            unknown += [
                f"document {document!r} (query {query!r})" for document in grades if document not in self.corpus
            ]
        if unknown:
            shown = ", ".join(unknown[:_MOST_SHOWN]) + (", …" if len(unknown) > _MOST_SHOWN else "")
            raise DataError(
                f"{self.source}: the relevance names {len(unknown)} that are not there: {shown}. "
                "Expected ids of the queries and of the corpus."
            )

    def _check_blanks(self) -> None:
        blank = [query for query, text in self.queries.items() if not text.strip()]
        if blank:
            raise DataError(f"{self.source}: the query {blank[0]!r} has no text. Expected a text for each query.")


def _numbered(prefix: str, texts: Iterable[str]) -> dict[str, str]:
    """Distinct texts to ids."""
    return {text: f"{prefix}{number}" for number, text in enumerate(dict.fromkeys(texts), start=1)}
