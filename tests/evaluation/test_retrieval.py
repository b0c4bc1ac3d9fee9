import json
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.ngram_encoder import NgramEncoder, TableEncoder
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.evaluation import RetrievalData, RetrievalEvaluator, evaluate_retrieval, read_retrieval
from tfsiamese.evaluation.judgements import Judgements
from tfsiamese.evaluation.ranking import rank_documents

_TREC = json.loads(Path(__file__).with_name("trec_eval.json").read_text(encoding="utf-8"))
_TREC_NAMES = {"ndcg": "ndcg_cut", "map": "map_cut", "precision": "P", "recall": "recall", "accuracy": "success"}

# From "up", the documents lie at 0°, 45°, 90° and 180°.
_COMPASS = TableEncoder(
    {"up": [0, 2, 0], "down": [0, -1, 0], "0": [0, 1, 0], "45": [3, 3, 0], "90": [1, 0, 0], "180": [0, -5, 0]}
)


def _data(relevance: dict[str, dict[str, int]], **corpus: str) -> RetrievalData:
    corpus = corpus or {"a": "0", "b": "45", "c": "90", "d": "180"}
    return RetrievalData({query: query for query in relevance}, corpus, relevance)


def test_two_queries_worked_by_hand():
    # "up" ranks a b c d, of which b and d are relevant; "down" ranks d c b a, of which d is.
    metrics = evaluate_retrieval(_COMPASS, _data({"up": {"b": 1, "d": 3}, "down": {"d": 1, "a": 0}}), at=(1, 3))
    assert list(metrics) == [
        *("ndcg@1", "ndcg@3", "mrr@1", "mrr@3", "map@1", "map@3"),
        *("precision@1", "precision@3", "recall@1", "recall@3", "accuracy@1", "accuracy@3"),
    ]
    assert (metrics["mrr@1"], metrics["mrr@3"]) == (1 / 2, (1 / 2 + 1) / 2)
    assert metrics["map@3"] == pytest.approx((1 / 2 / 2 + 1) / 2)
    assert metrics["precision@3"] == pytest.approx(1 / 3)
    assert (metrics["recall@1"], metrics["recall@3"]) == (1 / 2, (1 / 2 + 1) / 2)
    assert (metrics["accuracy@1"], metrics["accuracy@3"]) == (1 / 2, 1.0)
    up = (1 / np.log2(3)) / (3 + 1 / np.log2(3))
    assert metrics["ndcg@3"] == pytest.approx((up + 1) / 2)


def test_equal_scores_are_ranked_by_descending_id():
    corpus = {"x1": "0", "x3": "0", "x2": "0", "y": "90"}
    for document, rank in (("x3", 1), ("x2", 2), ("x1", 3), ("y", 4)):
        metrics = evaluate_retrieval(_COMPASS, _data({"up": {document: 1}}, **corpus), at=[4])
        assert metrics["mrr@4"] == 1 / rank, document


def test_ids_are_compared_as_texts():
    corpus = {"9": "0", "10": "0"}
    assert evaluate_retrieval(_COMPASS, _data({"up": {"9": 1}}, **corpus), at=[1])["accuracy@1"] == 1.0


def test_the_dot_product_can_rank():
    data = _data({"up": {"b": 1}})
    assert evaluate_retrieval(_COMPASS, data, at=[1], similarity="dot")["accuracy@1"] == 1.0
    assert evaluate_retrieval(_COMPASS, data, at=[1], similarity="cosine")["accuracy@1"] == 0.0
    assert evaluate_retrieval(_COMPASS, data, at=[1], similarity="angular")["accuracy@1"] == 0.0


def test_each_distinct_text_is_encoded_once(encoder):
    corpus = {"d1": "nurse", "d2": "nurse", "d3": "pilot"}
    data = RetrievalData({"q1": "nurse", "q2": "baker"}, corpus, {"q1": {"d1": 1}, "q2": {"d3": 1}})
    evaluate_retrieval(encoder, data, batch_size=7, show_progress=True)
    assert encoder.calls == [["pilot", "nurse", "baker"]]
    assert encoder.settings == [(7, False, True)]


def test_a_rank_beyond_the_corpus_is_measured_on_all_of_it():
    metrics = evaluate_retrieval(_COMPASS, _data({"up": {"d": 1}}), at=[100])
    assert (metrics["mrr@100"], metrics["recall@100"], metrics["precision@100"]) == (1 / 4, 1.0, 1 / 100)


def test_documents_of_one_text_are_ranked_as_a_full_sort_ranks_them():
    random = np.random.default_rng(2)
    for _ in range(30):
        num_texts, num_documents, k = random.integers(1, 8), random.integers(8, 20), int(random.integers(1, 12))
        queries = random.normal(size=[3, 4]).astype(np.float32)
        # Few directions, so that different texts tie too.
        directions = random.integers(0, 2, [num_texts, 4]).astype(np.float32)
        drawn = np.append(np.arange(num_texts), random.integers(0, num_texts, num_documents - num_texts))
        drawn = random.permutation(drawn)
        _, text_of = np.unique(drawn, return_inverse=True)
        first = {text: row for row, text in enumerate(dict.fromkeys(text_of.tolist()))}
        text_of = np.array([first[text] for text in text_of.tolist()])
        ranked = rank_documents(queries, directions, text_of, k, similarity="dot")
        scores = (queries @ directions.T)[:, text_of]
        np.testing.assert_array_equal(ranked, np.argsort(-scores, axis=1, kind="stable")[:, :k])


class TestTrecEval:
    def test_equal_scores_and_graded_relevance_give_what_trec_eval_gives(self):
        documents = sorted(next(iter(_TREC["scores"].values())), reverse=True)
        data = RetrievalData(
            {query: query for query in _TREC["scores"]}, {name: name for name in documents}, _TREC["relevance"]
        )
        scores = np.array([[_TREC["scores"][query][name] for name in documents] for query in data.relevance])
        ranking = np.argsort(-scores, axis=1, kind="stable")
        metrics = Judgements(data, documents).metrics(ranking, at=(1, 3, 5, 10))
        values = _TREC["values"].values()
        for name, trec_name in _TREC_NAMES.items():
            for k in (1, 3, 5, 10):
                expected = np.mean([value[f"{trec_name}_{k}"] for value in values])
                assert metrics[f"{name}@{k}"] == pytest.approx(expected, abs=1e-9), (name, k)
        whole = Judgements(data, documents).metrics(ranking, at=[len(documents)])
        assert whole[f"mrr@{len(documents)}"] == pytest.approx(np.mean([value["recip_rank"] for value in values]))

    def test_the_search_ranks_ties_as_trec_eval_does(self):
        """The scores as dot products: a query's vector is its row of scores, a document's is one-hot."""
        documents = list(next(iter(_TREC["scores"].values())))
        table = dict(zip(documents, np.eye(len(documents)).tolist(), strict=True))
        table |= {query: [row[name] for name in documents] for query, row in _TREC["scores"].items()}
        data = RetrievalData(
            {query: query for query in _TREC["scores"]}, {name: name for name in documents}, _TREC["relevance"]
        )
        metrics = evaluate_retrieval(TableEncoder(table), data, at=[1, 3, 5, 10], similarity="dot")
        for name, trec_name in _TREC_NAMES.items():
            for k in (1, 3, 5, 10):
                expected = np.mean([value[f"{trec_name}_{k}"] for value in _TREC["values"].values()])
                assert metrics[f"{name}@{k}"] == pytest.approx(expected, abs=1e-9), (name, k)


_DEEP = TableEncoder({"up": [3, 4, 0], "0": [6, 8, 1], "45": [1, 0, 0]})


class TestDimensions:
    def test_each_dimension_has_its_keys_after_those_of_the_whole(self):
        data = _data({"up": {"a": 1}}, a="0", b="45")
        metrics = evaluate_retrieval(_DEEP, data, at=[1], dimensions=[2, 1])
        assert (metrics["accuracy@1"], metrics["dim2_accuracy@1"], metrics["dim1_accuracy@1"]) == (1.0, 1.0, 0.0)
        assert list(metrics)[6:8] == ["dim2_ndcg@1", "dim2_mrr@1"]

    def test_cut_vectors_are_scaled_to_length_1_before_the_dot_product(self):
        # Cut to one number all are 1: the tie goes to the greater id. Unscaled, a would win with 18 over 3.
        data = _data({"up": {"b": 1}}, a="0", b="45")
        metrics = evaluate_retrieval(_DEEP, data, at=[1], similarity="dot", dimensions=[1])
        assert (metrics["accuracy@1"], metrics["dim1_accuracy@1"]) == (0.0, 1.0)

    def test_the_whole_dimension_gives_the_same_as_no_cut(self):
        metrics = evaluate_retrieval(_DEEP, _data({"up": {"b": 1}}, a="0", b="45"), at=[2], dimensions=[3])
        assert metrics["dim3_ndcg@2"] == metrics["ndcg@2"]

    def test_a_dimension_above_the_encoders_is_refused(self):
        with pytest.raises(SettingsError, match="cannot be cut to 4 numbers: the encoder's dimension is 3"):
            evaluate_retrieval(_DEEP, _data({"up": {"a": 1}}, a="0", b="45"), dimensions=[4])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"at": []}, "different positive integers as ranks"),
        ({"at": [1, 1]}, "different positive integers as ranks"),
        ({"at": [0]}, r"Received: \[0\]"),
        ({"dimensions": [-2]}, "different positive integers as dimensions"),
        ({"dimensions": []}, "different positive integers as dimensions"),
        ({"similarity": "euclidean"}, "'euclidean'. Expected one of cosine, dot, angular"),
    ],
)
def test_wrong_settings_are_found_before_anything_is_encoded(settings, problem, encoder):
    data = _data({"up": {"a": 1}})
    with pytest.raises(SettingsError, match=problem):
        evaluate_retrieval(encoder, data, **settings)
    with pytest.raises(SettingsError, match=problem):
        RetrievalEvaluator(data, **settings)
    assert encoder.calls == []


def test_vectors_of_nan_are_an_error_of_the_encoder():
    table = TableEncoder({"up": [1.0], "0": [float("nan")]})
    with pytest.raises(EncoderError, match="1 of 2 texts"):
        evaluate_retrieval(table, _data({"up": {"a": 1}}, a="0"))


class TestEvaluator:
    def test_it_gives_what_evaluate_retrieval_gives_under_keys_known_before(self):
        data = _data({"up": {"b": 1}})
        evaluator = RetrievalEvaluator(data, at=(1, 10), dimensions=[2])
        assert evaluator(_COMPASS) == evaluate_retrieval(_COMPASS, data, at=(1, 10), dimensions=[2])
        assert list(evaluator(_COMPASS)) == list(evaluator.metric_names)
        assert (evaluator.name, evaluator.primary_metric, evaluator.greater_is_better) == ("retrieval", "ndcg@10", True)

    def test_a_folder_is_read_at_once(self, tmp_path, encoder):
        for name, content in (("queries", "q1\tnurse"), ("corpus", "d1\tnurses"), ("qrels", "q1\td1\t1")):
            (tmp_path / f"{name}.tsv").write_text(content, encoding="utf-8")
        evaluator = RetrievalEvaluator(tmp_path, name="jobs")
        (tmp_path / "corpus.tsv").unlink()
        assert evaluator(encoder)["accuracy@1"] == 1.0
        assert evaluator.name == "jobs"

    def test_its_config_is_json_and_tells_data_and_similarity(self):
        data = _data({"up": {"b": 1}})
        config = RetrievalEvaluator(data, similarity="dot", dimensions=(2, 1)).get_config()
        assert json.loads(json.dumps(config)) == {
            "name": "retrieval",
            "queries": 1,
            "documents": 4,
            "fingerprint": data.fingerprint,
            "similarity": "dot",
            "dimensions": [2, 1],
            "query_prompt": None,
            "passage_prompt": None,
        }

    def test_a_primary_metric_that_is_not_measured_is_refused(self):
        with pytest.raises(SettingsError, match=r"'ndcg@10'\. Expected one of ndcg@5, mrr@5"):
            RetrievalEvaluator(_data({"up": {"b": 1}}), at=[5])


class TestRealData:
    def test_trigrams_on_melo_agree_with_a_full_sort(self, data_folder):
        data = read_retrieval(data_folder / "melo_en_dev")
        encoder = NgramEncoder()
        metrics = evaluate_retrieval(encoder, data, at=[100])
        ids = sorted(data.corpus, reverse=True)
        left, right = (encoder.encode(texts) for texts in (list(data.queries.values()), [data.corpus[i] for i in ids]))
        left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
        reciprocal, precision = [], []
        for query, row in zip(data.queries, np.round(left @ right.T, 5), strict=True):
            hits = [data.relevance[query].get(ids[index], 0) for index in np.argsort(-row, kind="stable")[:100]]
            found = [rank for rank, hit in enumerate(hits, start=1) if hit]
            reciprocal.append(1 / found[0] if found else 0.0)
            relevant = sum(data.relevance[query].values())
            precision.append(sum(count / rank for count, rank in enumerate(found, start=1)) / relevant)
        # Rounded here and not there: near ties may fall otherwise.
        assert metrics["mrr@100"] == pytest.approx(np.mean(reciprocal), abs=1e-3)
        assert metrics["map@100"] == pytest.approx(np.mean(precision), abs=1e-3)

    def test_the_default_encoder_on_melo_has_its_known_numbers(self, data_folder):
        data = read_retrieval(data_folder / "melo_en_dev")
        texts = list(dict.fromkeys([*data.queries.values(), *data.corpus.values()]))
        encoder = TableEncoder(dict(zip(texts, load_encoder("use-multilingual").encode(texts), strict=True)))
        metrics = evaluate_retrieval(encoder, data, at=[100])
        # As scripts/compare_trec_eval.py prints them for trec_eval.
        assert metrics["mrr@100"] == pytest.approx(0.5176, abs=1e-3)
        assert metrics["map@100"] == pytest.approx(0.2643, abs=1e-3)
        # A thousand documents share their text with another one, so that the order of ties is worth half a point:
        # with the lower id first, it is MRR 0.5124 and MAP 0.2590.
        turned = {document: f"{number:06}" for number, document in enumerate(sorted(data.corpus, reverse=True))}
        lower_first = RetrievalData(
            data.queries,
            {turned[document]: text for document, text in data.corpus.items()},
            {query: {turned[one]: grade for one, grade in grades.items()} for query, grades in data.relevance.items()},
        )
        metrics = evaluate_retrieval(encoder, lower_first, at=[100])
        assert metrics["mrr@100"] == pytest.approx(0.5124, abs=1e-3)
        assert metrics["map@100"] == pytest.approx(0.2590, abs=1e-3)
