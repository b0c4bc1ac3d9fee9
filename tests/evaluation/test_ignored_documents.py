import numpy as np
import pytest

from tests.evaluation.ngram_encoder import NgramEncoder, TableEncoder
from tfsiamese.evaluation import (
    RetrievalData,
    RetrievalEvaluator,
    accuracy_at,
    average_precision_at,
    evaluate_retrieval,
    ndcg_at,
    precision_at,
    read_retrieval,
    recall_at,
    reciprocal_rank_at,
)
from tfsiamese.evaluation import retrieval as retrieval_module

# From "up", the documents lie at 0°, 45°, 90° and 180°.
_COMPASS = TableEncoder({"up": [0, 2], "down": [0, -1], "0": [0, 1], "45": [3, 3], "90": [1, 0], "180": [0, -5]})
_CORPUS = {"a": "0", "b": "45", "c": "90", "d": "180"}
_AT = (1, 2, 3, 5, 40)


def _data(relevance: dict[str, dict[str, int]], **ignored: set[str]) -> RetrievalData:
    sets = {query: frozenset(documents) for query, documents in ignored.items()}
    return RetrievalData({query: query for query in relevance}, _CORPUS, relevance, ignored=sets)


def test_documents_behind_ignored_ones_move_up_for_that_query_only():
    # "up" ranks a b c d, "down" ranks d c b a.
    relevance = {"up": {"c": 1}, "down": {"b": 1}}
    ignoring = _data(relevance, up={"a", "b"})
    assert evaluate_retrieval(_COMPASS, _data(relevance), at=[4])["mrr@4"] == pytest.approx(1 / 3)
    assert evaluate_retrieval(_COMPASS, ignoring, at=[4])["mrr@4"] == pytest.approx((1 + 1 / 3) / 2)
    assert evaluate_retrieval(_COMPASS, ignoring, at=[1])["accuracy@1"] == 1 / 2


def test_documents_behind_the_relevant_ones_may_be_ignored_without_effect():
    relevance = {"up": {"a": 2, "b": 1}, "down": {"d": 1}}
    metrics = evaluate_retrieval(_COMPASS, _data(relevance, up={"d"}, down={"a", "b"}), at=[2, 4])
    assert metrics == evaluate_retrieval(_COMPASS, _data(relevance), at=[2, 4])


def test_relevant_documents_that_are_ignored_are_neither_found_nor_missed():
    relevance = {"up": {"a": 3, "d": 1}}
    metrics = evaluate_retrieval(_COMPASS, _data(relevance, up={"d"}), at=[1])
    assert metrics == dict.fromkeys(metrics, 1.0)


def test_all_documents_but_one_can_be_ignored():
    metrics = evaluate_retrieval(_COMPASS, _data({"up": {"d": 1}}, up={"a", "b", "c"}), at=[1, 4])
    assert (metrics["ndcg@1"], metrics["precision@4"]) == (1.0, 1 / 4)


def test_an_evaluator_passes_over_ignored_documents_and_tells_them_apart():
    plain, ignoring = (RetrievalEvaluator(_data({"up": {"b": 1}}, up=documents)) for documents in (set(), {"a"}))
    assert (plain(_COMPASS)["accuracy@1"], ignoring(_COMPASS)["accuracy@1"]) == (0.0, 1.0)
    assert plain.get_config()["fingerprint"] != ignoring.get_config()["fingerprint"]


def test_where_nothing_is_ignored_nothing_more_is_ranked(monkeypatch):
    depths = []

    def rank_documents(queries, texts, text_of, k, **settings):
        depths.append(k)
        return np.tile(np.arange(min(k, len(text_of))), (len(queries), 1))

    monkeypatch.setattr(retrieval_module, "rank_documents", rank_documents)
    relevance = {"up": {"b": 1}, "down": {"b": 1}}
    evaluate_retrieval(_COMPASS, _data(relevance), at=[3, 2])
    evaluate_retrieval(_COMPASS, _data(relevance, up={"a"}, down={"a", "c"}), at=[3, 2])
    assert depths == [3, 5]


def _by_full_sort(data: RetrievalData, encoder: TableEncoder) -> dict[str, float]:
    """Ranks only the documents that count, query by query."""
    values: dict[str, list[float]] = {}
    for query, grades in data.relevance.items():
        left_over = [document for document in data.corpus if document not in data.ignored.get(query, ())]
        vectors = encoder.encode([data.queries[query], *(data.corpus[document] for document in left_over)])
        scores = dict(zip(left_over, (vectors[1:] @ vectors[0]).tolist(), strict=True))
        ranked = sorted(sorted(left_over, reverse=True), key=lambda document: -scores[document])
        found = [grades.get(document, 0) for document in ranked]
        count = sum(grade > 0 for grade in grades.values())
        for k in _AT:
            measured = {
                "ndcg": ndcg_at(found, list(grades.values()), k),
                "mrr": reciprocal_rank_at(found, k),
                "map": average_precision_at(found, count, k),
                "precision": precision_at(found, k),
                "recall": recall_at(found, count, k),
                "accuracy": accuracy_at(found, k),
            }
            for name, value in measured.items():
                values.setdefault(f"{name}@{k}", []).append(float(value))
    return {name: float(np.mean(one)) for name, one in values.items()}


def test_random_tasks_are_measured_as_a_full_sort_of_what_counts():
    random = np.random.default_rng(11)
    for _ in range(20):
        # Small whole numbers: exact products, many ties, several documents of one text.
        table = {f"t{row}": random.integers(-2, 3, 3).tolist() for row in range(12)}
        corpus = {f"d{row}": f"t{random.integers(12)}" for row in range(20)}
        queries = {f"q{row}": f"t{random.integers(12)}" for row in range(6)}
        relevance = {
            query: {str(document): int(random.integers(-1, 4)) for document in random.choice(list(corpus), 6)}
            for query in queries
        }
        relevance["q0"]["d0"] = 1
        own = {query: {one for one in corpus if corpus[one] == text} for query, text in queries.items()}
        ignored = {query: frozenset(own[query] - {"d0"}) for query in queries}
        data = RetrievalData(queries, corpus, relevance, ignored=ignored)
        assert sum(map(len, ignored.values())) > 0
        encoder = TableEncoder(table)
        expected = _by_full_sort(data, encoder)
        metrics = evaluate_retrieval(encoder, data, at=_AT, similarity="dot")
        assert metrics == {name: pytest.approx(expected[name], abs=1e-12) for name in metrics}


def test_ignoring_the_most_distant_document_leaves_melo_as_it_is(data_folder):
    data = read_retrieval(data_folder / "melo_en_dev")
    table = dict(
        zip(texts := [*data.queries.values(), *data.corpus.values()], NgramEncoder().encode(texts), strict=True)
    )
    encoder = TableEncoder(table)
    far = {
        query: frozenset({next(one for one, other in data.corpus.items() if table[other] @ table[text] == 0)})
        for query, text in list(data.queries.items())[:20]
    }
    ignoring = RetrievalData(data.queries, data.corpus, data.relevance, ignored=far)
    assert len(ignoring.ignored) == 20
    assert evaluate_retrieval(encoder, ignoring, at=[10]) == evaluate_retrieval(encoder, data, at=[10])
