"""Queries, documents, and which documents answer which query."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfsiamese.errors import DataError
from tfsiamese.evaluation.triplet_relevance import relevant_texts

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
        ignored: id of a query to ids of documents that do not count for it: they are in no ranking of that query, and
            their grades are dropped from `relevance`.
        num_dropped: how many queries were left out.

    Raises:
        DataError: there are no queries or documents, no query has a relevant document that counts, a query is blank,
            or `relevance` or `ignored` names a query or a document that is not there.
    """

    queries: dict[str, str]
    corpus: dict[str, str]
    relevance: dict[str, dict[str, int]]
    source: str = "RetrievalData"
    ignored: dict[str, frozenset[str]] = field(default_factory=dict)
    num_dropped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for what, texts in (("queries", self.queries), ("documents", self.corpus)):
            if not texts:
                raise DataError(f"{self.source} has no {what}. Expected at least one.")
        self._check_ids("relevance", self.relevance)
        self._check_ids("list of ignored documents", self.ignored)
        self._check_blanks()
        ignored = {query: frozenset(documents) for query, documents in self.ignored.items() if documents}
        graded = {
            query: {document: grade for document, grade in grades.items() if document not in ignored.get(query, ())}
            for query, grades in self.relevance.items()
        }
        relevant = {query for query, grades in graded.items() if _any_relevant(grades)}
        if not relevant:
            raise self._nothing_relevant()
        dropped = len(self.queries) - len(relevant)
        if dropped:
            aside = ", ignored ones aside" if ignored else ""
            amounts = dropped, len(self.queries)
            logger.warning("%s: %d of %d queries have no relevant document%s.", self.source, *amounts, aside)
        object.__setattr__(self, "num_dropped", dropped)
        object.__setattr__(self, "queries", {query: self.queries[query] for query in self.queries if query in relevant})
        object.__setattr__(self, "relevance", {query: graded[query] for query in self.queries})
        object.__setattr__(self, "ignored", {query: ignored[query] for query in self.queries if query in ignored})

    @classmethod
    def from_triplets(
        cls, triplets: "Triplets", corpus: Iterable[str] | None = None, *, known: "Triplets | None" = None
    ) -> "RetrievalData":
        """Makes a search task of anchors and positives.

        The queries are the distinct anchors. Relevant to each, with grade 1, are all positives that it has in any row,
        and where there are groups all positives and anchors of every group that it is in: they name one thing. A
        query's own text, where it is a document, is ignored for that query: to find it is no merit, and it is no miss.

        The documents are the distinct positives, negatives and texts of `corpus`. Ids are `q` and `d` with a number, in
        the order of first appearance. A query to which only its own text is relevant is left out, with a warning.

        Args:
            triplets: rows of anchor, positive and any number of negatives.
            corpus: more texts to search in, which makes the task harder and more like the real one.
            known: further rows, such as those of the training: what they say of a query, by its text or a group of the
                same name, is relevant too. Their positives become documents, unless `corpus` is given; then those of
                them count that are documents anyway. Their anchors are no queries.

        Raises:
            DataError: there are no rows, an anchor is blank, or nothing but its own text is relevant to any query.
        """
        if corpus is None:
            corpus = () if known is None else known.positives
        query_ids = _numbered("q", triplets.anchors)
        negatives = [text for texts in triplets.negatives for text in texts]
        document_ids = _numbered("d", [*triplets.positives, *negatives, *corpus])
        rows = [triplets] if known is None else [triplets, known]
        relevance = {
            query_ids[query]: {document_ids[text]: 1 for text in texts if text in document_ids}
            for query, texts in relevant_texts(query_ids, rows)
        }
        ignored = {query_ids[text]: frozenset({document_ids[text]}) for text in query_ids if text in document_ids}
        queries = {query: text for text, query in query_ids.items()}
        documents = {document: text for text, document in document_ids.items()}
        return cls(queries, documents, relevance, str(triplets.source), ignored)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over ids, texts, grades above 0 and what is ignored, as 64 hexadecimal digits, in whatever order."""
        digest = hashlib.sha256()
        for part in (self.queries, self.corpus):
            for item in sorted(part.items()):
                digest.update(json.dumps(item).encode())
        for query, grades in sorted(self.relevance.items()):
            relevant = sorted((document, int(grade)) for document, grade in grades.items() if grade > 0)
            digest.update(json.dumps([query, relevant]).encode())
        for query, documents in sorted(self.ignored.items()):
            digest.update(json.dumps(["ignored", query, sorted(documents)]).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"RetrievalData({len(self.queries):,} queries, {len(self.corpus):,} documents from {self.source})"

    def _nothing_relevant(self) -> DataError:
        if not any(map(_any_relevant, self.relevance.values())):
            return DataError(f"{self.source}: no query has a relevant document. Expected a grade above 0 somewhere.")
        return DataError(
            f"{self.source}: the only documents relevant to a query are ignored for it, as a query's own text is. "
            "Expected a grade above 0 for another document somewhere."
        )

    def _check_ids(self, what: str, named: Mapping[str, Iterable[str]]) -> None:
        unknown = [f"query {query!r}" for query in named if query not in self.queries]
        for query, documents in named.items():
            unknown += [
                f"document {document!r} (query {query!r})" for document in documents if document not in self.corpus
            ]
        if unknown:
            shown = ", ".join(unknown[:_MOST_SHOWN]) + (", …" if len(unknown) > _MOST_SHOWN else "")
            raise DataError(
                f"{self.source}: the {what} names {len(unknown)} that are not there: {shown}. "
                "Expected ids of the queries and of the corpus."
            )

    def _check_blanks(self) -> None:
        blank = [query for query, text in self.queries.items() if not text.strip()]
        if blank:
            raise DataError(f"{self.source}: the query {blank[0]!r} has no text. Expected a text for each query.")


def _any_relevant(grades: Mapping[str, int]) -> bool:
    return any(grade > 0 for grade in grades.values())


def _numbered(prefix: str, texts: Iterable[str]) -> dict[str, str]:
    """Distinct texts to ids."""
    return {text: f"{prefix}{number}" for number, text in enumerate(dict.fromkeys(texts), start=1)}
