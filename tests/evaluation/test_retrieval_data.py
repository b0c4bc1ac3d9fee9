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


class TestIgnored:
    _RELEVANCE = {"q1": {"d1": 1, "d2": 2}, "q2": {"d2": 1}, "q3": {"d3": 1}}  # noqa: RUF012

    def test_grades_of_ignored_documents_are_dropped(self):
        data = RetrievalData(_QUERIES, _CORPUS, self._RELEVANCE, ignored={"q1": {"d2"}, "q2": ["d3"], "q3": ()})
        assert data.relevance == {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}}
        assert data.ignored == {"q1": frozenset({"d2"}), "q2": frozenset({"d3"})}

    def test_what_is_given_stays_as_it_is(self):
        relevance, ignored = {"q1": {"d1": 1, "d2": 2}}, {"q1": frozenset({"d2"}), "q2": frozenset({"d1"})}
        data = RetrievalData(_QUERIES, _CORPUS, relevance, ignored=ignored)
        assert data.ignored == {"q1": frozenset({"d2"})}
        assert relevance == {"q1": {"d1": 1, "d2": 2}}
        assert list(ignored) == ["q1", "q2"]

    def test_queries_to_which_only_ignored_documents_are_relevant_are_dropped(self, caplog):
        data = RetrievalData(_QUERIES, _CORPUS, self._RELEVANCE, "jobs", {"q2": frozenset({"d2"})})
        assert list(data.queries) == list(data.relevance) == ["q1", "q3"]
        assert (data.num_dropped, data.ignored) == (1, {})
        assert "jobs: 1 of 3 queries have no relevant document, ignored ones aside." in caplog.text

    def test_that_only_ignored_documents_are_relevant_is_refused(self):
        with pytest.raises(DataError, match=r"jobs: the only documents relevant to a query are ignored for it"):
            RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 1, "d2": 0}}, "jobs", {"q1": frozenset({"d1"})})

    def test_that_nothing_is_relevant_is_no_fault_of_ignored_documents(self):
        with pytest.raises(DataError, match="no query has a relevant document"):
            RetrievalData(_QUERIES, _CORPUS, {"q1": {"d1": 0}}, "jobs", {"q1": frozenset({"d1"})})

    @pytest.mark.parametrize(
        ("ignored", "named"), [({"q9": {"d1"}}, "query 'q9'"), ({"q1": {"d9"}}, r"document 'd9' \(query 'q1'\)")]
    )
    def test_ignoring_what_is_not_there_is_refused(self, ignored, named):
        with pytest.raises(DataError, match=f"the list of ignored documents names 1 that are not there: {named}"):
            RetrievalData(_QUERIES, _CORPUS, self._RELEVANCE, ignored=ignored)

    def test_the_fingerprint_is_of_what_is_ignored_too_and_of_nothing_where_nothing_is(self):
        def fingerprint(**ignored: set[str]) -> str:
            return RetrievalData(_QUERIES, _CORPUS, self._RELEVANCE, ignored=ignored).fingerprint

        plain = RetrievalData(_QUERIES, _CORPUS, self._RELEVANCE).fingerprint
        # As it was before documents could be ignored, so that older runs can be compared.
        assert plain == "e42d80428e8024672fad30217cd873b174322f6e9510de364313e6d3618cc876"
        assert fingerprint(q1=set()) == plain
        assert len({plain, fingerprint(q2={"d1"}), fingerprint(q2={"d3"}), fingerprint(q3={"d1"})}) == 4
        assert fingerprint(q2={"d1", "d3"}, q3={"d1"}) == fingerprint(q3={"d1"}, q2={"d3", "d1"})


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
