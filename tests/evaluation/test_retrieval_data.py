import dataclasses

import pandas as pd
import pytest

from tfsiamese.errors import DataError
from tfsiamese.evaluation import RetrievalData
from tfsiamese.pairs import Triplets

_QUERIES = {"q1": "nurse", "q2": "baker", "q3": "judge"}
_CORPUS = {"d1": "registered nurse", "d2": "pastry baker", "d3": "pilot"}


def test_queries_without_a_relevant_document_are_dropped_counted_and_warned_of(caplog):
    data = RetrievalData(_QUERIES, _CORPUS, {"q2": {"d2": 2, "d3": 0}, "q3": {"d3": 0}}, "jobs")
    assert data.queries == {"q2": "baker"}
    assert data.relevance == {"q2": {"d2": 2, "d3": 0}}
    assert data.num_dropped == 2
    assert "jobs: 2 of 3 queries have no relevant document" in caplog.text


def test_nothing_dropped_is_no_warning(caplog):
    data = RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}})
    assert (data.num_dropped, caplog.text) == (0, "")


@pytest.mark.parametrize(
    ("relevance", "named"), [({"q9": {"d1": 1}}, "query 'q9'"), ({"q1": {"d9": 1}}, "document 'd9' (query 'q1')")]
)
def test_relevance_of_what_is_not_there_is_refused(relevance, named):
    with pytest.raises(DataError) as caught:
        RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 1}, **relevance}, "jobs")
    assert f"jobs: the relevance names 1 that are not there: {named}." in str(caught.value)


@pytest.mark.parametrize(
    ("queries", "corpus", "relevance", "problem"),
    [
        ({}, _CORPUS, {}, "has no queries"),
        (_QUERIES, {}, {}, "has no documents"),
        (_QUERIES, _CORPUS, {}, "no query has a relevant document"),
        (_QUERIES, _CORPUS, {"q1": {"d1": 0}}, "no query has a relevant document"),
        ({"q1": " "}, _CORPUS, {"q1": {"d1": 1}}, "the query 'q1' has no text"),
    ],
)
def test_sets_on_which_nothing_can_be_measured_are_refused(queries, corpus, relevance, problem):
    with pytest.raises(DataError, match=problem):
        RetrievalData(queries, corpus, relevance)


def test_the_fingerprint_is_of_content_not_of_order_or_source():
    relevance = {"q1": {"d1": 1, "d2": 2}, "q2": {"d2": 1}, "q3": {"d3": 1}}
    data = RetrievalData(_QUERIES, _CORPUS, relevance, "one")
    turned = {query: dict(reversed(grades.items())) for query, grades in reversed(relevance.items())}
    other = RetrievalData(dict(reversed(_QUERIES.items())), dict(reversed(_CORPUS.items())), turned, "two")
    assert data.fingerprint == other.fingerprint
    assert len(data.fingerprint) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"queries": _QUERIES | {"q1": "nurses"}},
        {"corpus": _CORPUS | {"d4": "pilot"}},
        {"relevance": {"q1": {"d1": 2}, "q2": {"d2": 1}, "q3": {"d3": 1}}},
        {"relevance": {"q1": {"d1": 1, "d2": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}}},
    ],
)
def test_the_fingerprint_changes_with_the_content(change):
    data = RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}})
    settings = {"queries": data.queries, "corpus": data.corpus, "relevance": data.relevance}
    assert RetrievalData(**(settings | change)).fingerprint != data.fingerprint


def test_it_cannot_be_changed_and_names_itself():
    data = RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 1}}, "jobs")
    assert repr(data) == "RetrievalData(1 queries, 3 documents from jobs)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.source = "other"


class TestFromTriplets:
    def _triplets(self) -> Triplets:
        rows = [
            ("nurse", "registered nurse", ("baker", "pilot")),
            ("baker", "pastry baker", ()),
            ("nurse", "sick nurse", ("pilot",)),
        ]
        return Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]), "jobs.csv")

    def test_anchors_ask_for_all_their_positives_among_all_texts(self):
        data = RetrievalData.from_triplets(self._triplets())
        assert data.queries == {"q1": "nurse", "q2": "baker"}
        assert list(data.corpus.values()) == ["registered nurse", "pastry baker", "sick nurse", "baker", "pilot"]
        assert data.relevance == {"q1": {"d1": 1, "d3": 1}, "q2": {"d2": 1}}
        assert data.source == "jobs.csv"

    def test_more_texts_make_the_corpus_larger(self):
        data = RetrievalData.from_triplets(self._triplets(), corpus=["judge", "pilot", "judge"])
        assert list(data.corpus.values())[5:] == ["judge"]
