import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError
from tfsiamese.evaluation import RetrievalData, evaluate_retrieval
from tfsiamese.evaluation.triplet_relevance import relevant_texts
from tfsiamese.pairs import Triplets

Row = tuple[str, ...]


def _triplets(*rows: Row, negatives: tuple[str, ...] = (), source: str = "jobs.csv") -> Triplets:
    """Rows of anchor, positive and perhaps a group; the negatives are those of the first."""
    frame = pd.DataFrame(rows, columns=["anchor", "positive", "group"][: len(rows[0])])
    frame["negatives"] = [negatives, *[()] * (len(rows) - 1)]
    return Triplets.from_frame(frame, source)


def _relevant(data: RetrievalData) -> dict[str, set[str]]:
    """By texts, where `RetrievalData` names ids."""
    return {
        data.queries[query]: {data.corpus[document] for document in grades} for query, grades in data.relevance.items()
    }


def _ignored(data: RetrievalData) -> dict[str, set[str]]:
    return {data.queries[query]: {data.corpus[document] for document in found} for query, found in data.ignored.items()}


class TestGroups:
    def test_positives_of_a_group_are_relevant_to_each_others_anchors(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1"), ("c", "d", "g1"), ("x", "y", "g2")))
        assert _relevant(data) == {"a": {"b", "d"}, "c": {"b", "d"}, "x": {"y"}}
        assert {grade for grades in data.relevance.values() for grade in grades.values()} == {1}

    def test_without_groups_only_rows_of_the_anchor_count(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b"), ("c", "d"), ("a", "e")))
        assert _relevant(data) == {"a": {"b", "e"}, "c": {"d"}}

    def test_anchors_of_the_group_are_relevant_where_they_are_documents(self):
        data = RetrievalData.from_triplets(
            _triplets(("a", "b", "g1"), ("c", "d", "g1"), ("e", "f", "g1")), corpus=["c"]
        )
        assert list(data.corpus.values()) == ["b", "d", "f", "c"]
        assert _relevant(data) == {"a": {"b", "c", "d", "f"}, "c": {"b", "d", "f"}, "e": {"b", "c", "d", "f"}}

    def test_an_anchor_in_two_groups_has_the_texts_of_both_and_they_not_each_others(self):
        data = RetrievalData.from_triplets(
            _triplets(("a", "b", "g1"), ("a", "c", "g2"), ("d", "e", "g1"), ("f", "g", "g2"))
        )
        assert _relevant(data) == {"a": {"b", "c", "e", "g"}, "d": {"b", "e"}, "f": {"c", "g"}}

    def test_an_anchor_is_in_the_groups_where_it_is_a_positive_too(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1"), ("c", "a", "g2"), ("c", "d", "g2")))
        assert _relevant(data) == {"a": {"b", "d"}, "c": {"a", "d"}}

    def test_negatives_are_relevant_only_where_they_are_of_the_group(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1"), ("c", "d", "g1"), negatives=("n", "c")))
        assert list(data.corpus.values()) == ["b", "d", "n", "c"]
        assert _relevant(data) == {"a": {"b", "c", "d"}, "c": {"b", "d"}}


class TestOwnText:
    def test_a_querys_own_text_is_ignored_for_it_and_a_document_for_others(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b"), ("b", "c"), ("d", "b")))
        assert list(data.corpus.values()) == ["b", "c"]
        assert _ignored(data) == {"b": {"b"}}
        assert _relevant(data) == {"a": {"b"}, "b": {"c"}, "d": {"b"}}

    def test_it_is_ignored_where_it_is_a_negative_or_a_text_of_the_corpus(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b"), ("c", "d"), negatives=("c",)), corpus=["a"])
        assert _ignored(data) == {"a": {"a"}, "c": {"c"}}

    def test_nothing_is_ignored_where_no_query_is_a_document(self):
        assert RetrievalData.from_triplets(_triplets(("a", "b"), ("A", "c"))).ignored == {}

    def test_it_takes_no_rank(self):
        table = TableEncoder({"a": [1, 0], "b": [0.8, 0.6], "c": [0, 1]})
        data = RetrievalData.from_triplets(_triplets(("a", "b"), ("c", "a")))
        # Beside its own text, a has the document b; c has a behind b.
        metrics = evaluate_retrieval(table, data, at=[1, 2])
        assert (metrics["mrr@1"], metrics["mrr@2"]) == (1 / 2, (1 + 1 / 2) / 2)

    def test_queries_that_are_relevant_to_themselves_only_are_dropped(self, caplog):
        data = RetrievalData.from_triplets(_triplets(("a", "a"), ("b", "c")))
        assert _relevant(data) == {"b": {"c"}}
        assert (data.num_dropped, data.ignored, len(data.corpus)) == (1, {}, 2)
        assert "1 of 2 queries have no relevant document, ignored ones aside" in caplog.text

    def test_data_of_such_queries_only_is_refused(self):
        with pytest.raises(DataError, match=r"jobs.csv: the only documents relevant .* as a query's own text is"):
            RetrievalData.from_triplets(_triplets(("a", "a"), ("b", "b")))


class TestKnownRows:
    def test_their_positives_are_documents_and_their_anchors_no_queries(self):
        known = _triplets(("x", "y"), ("z", "b"), negatives=("m",), source="training.csv")
        data = RetrievalData.from_triplets(_triplets(("a", "b"), negatives=("n",)), known=known)
        assert list(data.queries.values()) == ["a"]
        assert list(data.corpus.values()) == ["b", "n", "y"]
        assert _relevant(data) == {"a": {"b"}}
        assert data.source == "jobs.csv"

    def test_their_positives_are_relevant_to_an_anchor_of_the_same_text(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b"), ("c", "d")), known=_triplets(("a", "e"), ("x", "y")))
        assert _relevant(data) == {"a": {"b", "e"}, "c": {"d"}}

    def test_their_texts_are_relevant_to_an_anchor_of_the_same_group(self):
        known = _triplets(("c", "d", "g1"), ("x", "c", "g2"))
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1")), known=known)
        assert list(data.corpus.values()) == ["b", "d", "c"]
        assert _relevant(data) == {"a": {"b", "c", "d"}}

    def test_they_tell_further_groups_of_an_anchor(self):
        known = _triplets(("a", "d", "g2"), ("e", "f", "g2"), ("h", "i", "g3"))
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1")), known=known)
        assert _relevant(data) == {"a": {"b", "d", "f"}}

    @pytest.mark.parametrize(
        ("held_out", "known"), [(("a", "b", "g1"), ("a", "c")), (("a", "b"), ("a", "c", "g1"))], ids=str
    )
    def test_one_of_both_may_have_groups(self, held_out, known):
        data = RetrievalData.from_triplets(_triplets(held_out), known=_triplets(known))
        assert _relevant(data) == {"a": {"b", "c"}}

    def test_with_a_corpus_they_only_tell_what_is_relevant(self):
        known = _triplets(("a", "e"), ("a", "f"), ("x", "y"))
        data = RetrievalData.from_triplets(_triplets(("a", "b"), negatives=("n",)), ["e", "z"], known=known)
        assert list(data.corpus.values()) == ["b", "n", "e", "z"]
        assert _relevant(data) == {"a": {"b", "e"}}
        assert len(RetrievalData.from_triplets(_triplets(("a", "b")), [], known=known).corpus) == 1

    def test_a_querys_own_text_among_them_is_ignored(self):
        data = RetrievalData.from_triplets(_triplets(("a", "b", "g1")), known=_triplets(("c", "a", "g1")))
        assert _ignored(data) == {"a": {"a"}}
        assert _relevant(data) == {"a": {"b"}}

    def test_they_can_save_a_query_that_is_relevant_to_itself_only(self):
        data = RetrievalData.from_triplets(_triplets(("a", "a")), known=_triplets(("a", "b")))
        assert (_relevant(data), data.num_dropped) == ({"a": {"b"}}, 0)

    def test_they_change_the_fingerprint(self):
        held_out = _triplets(("a", "b", "g1"))
        known = [None, _triplets(("c", "d", "g1")), _triplets(("c", "d", "g2")), _triplets(("c", "a", "g2"))]
        assert len({RetrievalData.from_triplets(held_out, known=rows).fingerprint for rows in known}) == 4


def test_texts_come_in_a_fixed_order_and_once():
    rows = _triplets(("c", "b", "g2"), ("a", "b", "g1"), ("a", "b", "g2"), ("d", "e", "g1"))
    assert list(relevant_texts(["a", "e", "unknown"], [rows])) == [
        ("a", ["b", "a", "d", "e", "c"]),
        ("e", ["a", "b", "d", "e"]),
        ("unknown", []),
    ]


class TestWholeTask:
    """Two groups of four names, each an anchor and a document: three of them are relevant to each query."""

    _NAMES = (("a", "b", "c", "d"), ("e", "f", "g", "h"))

    def _data(self) -> RetrievalData:
        held_out = [(names[at], names[at - 1], f"g{group}") for group, names in enumerate(self._NAMES) for at in (0, 1)]
        known = [(names[at], names[at - 1], f"g{group}") for group, names in enumerate(self._NAMES) for at in (2, 3)]
        return RetrievalData.from_triplets(_triplets(*held_out), known=_triplets(*known))

    def _encoder(self, is_reversed: bool) -> TableEncoder:
        """Names of a group at one place, at right angles to others; reversed, at opposite places of one subspace."""
        table = {}
        for group, names in enumerate(self._NAMES):
            for at, name in enumerate(names):
                vector = [0.0] * 8
                for other in range(4):
                    vector[4 * group + other] = 0.25 if not is_reversed else 0.75 if other == at else -0.25
                table[name] = vector
        return TableEncoder(table)

    def test_the_task_is_what_it_says(self):
        data = self._data()
        assert _relevant(data) == {"a": {*"bcd"}, "b": {*"acd"}, "e": {*"fgh"}, "f": {*"egh"}}
        assert _ignored(data) == {"a": {"a"}, "b": {"b"}, "e": {"e"}, "f": {"f"}}
        assert set(data.corpus.values()) == {*"abcdefgh"}

    def test_a_perfect_encoder_gets_1_of_everything(self):
        metrics = evaluate_retrieval(self._encoder(is_reversed=False), self._data(), at=[3])
        assert metrics == dict.fromkeys(metrics, pytest.approx(1.0))
        assert len(metrics) == 6

    def test_a_reversed_encoder_gets_nothing_among_the_first_and_the_worst_of_all(self):
        # Of the seven documents that count for a query, the four of the other group come first.
        metrics = evaluate_retrieval(self._encoder(is_reversed=True), self._data(), at=[3, 7])
        assert {name: value for name, value in metrics.items() if name.endswith("@3")} == dict.fromkeys(
            (f"{name}@3" for name in ("ndcg", "mrr", "map", "precision", "recall", "accuracy")), 0.0
        )
        assert metrics["mrr@7"] == pytest.approx(1 / 5)
        assert metrics["map@7"] == pytest.approx((1 / 5 + 2 / 6 + 3 / 7) / 3)
        assert metrics["recall@7"] == 1.0

    def test_by_angle_and_by_fewer_dimensions_own_texts_are_ignored_too(self):
        encoder = self._encoder(is_reversed=False)
        metrics = evaluate_retrieval(encoder, self._data(), at=[3], similarity="angular", dimensions=[5])
        assert metrics == dict.fromkeys(metrics, pytest.approx(1.0))
