"""Metrics against sentence-transformers.

`sentence_transformers.json` was written by `scripts/freeze_sentence_transformers_metrics.py`, with the versions it
names.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.evaluation import (
    RerankingSample,
    RetrievalData,
    average_precision_at,
    evaluate_pairs,
    evaluate_paraphrase_mining,
    evaluate_reranking,
    evaluate_retrieval,
    evaluate_triplets,
    transitive_closure,
)
from tfsiamese.pairs import Pairs, Triplets

_FROZEN = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text(encoding="utf-8"))
_RANKS = (1, 3, 5, 10)
_CLOSE = 1e-5


def _retrieval() -> tuple[RetrievalData, TableEncoder]:
    frozen = _FROZEN["retrieval"]
    queries, documents = ({name: name for name in frozen["table"] if name[0] == letter} for letter in "qd")
    relevance = {query: dict.fromkeys(relevant, 1) for query, relevant in frozen["relevance"].items()}
    return RetrievalData(queries, documents, relevance), TableEncoder(frozen["table"])


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_retrieval_agrees_in_all_but_map(similarity):
    data, encoder = _retrieval()
    metrics = evaluate_retrieval(encoder, data, at=_RANKS, similarity=similarity)
    theirs = _FROZEN["retrieval"]["metrics"]
    compared = [key for key in metrics if not key.startswith("map@")]
    assert len(compared) == 5 * len(_RANKS)
    for key in compared:
        assert metrics[key] == pytest.approx(theirs[f"{similarity}_{key}"], abs=_CLOSE), key


@pytest.mark.parametrize("k", _RANKS)
def test_map_differs_by_its_divisor_alone(k):
    data, encoder = _retrieval()
    left, right = encoder.encode(list(data.queries)), encoder.encode(list(data.corpus))
    cosines = left @ right.T / np.linalg.norm(right, axis=1)
    documents = np.array(list(data.corpus))
    ranked = [
        [data.relevance[query].get(document, 0) for document in documents[np.argsort(-row)]]
        for query, row in zip(data.queries, cosines, strict=True)
    ]
    count = [len(grades) for grades in data.relevance.values()]
    as_theirs = average_precision_at(ranked, count, k, divide_by="min").mean()
    assert as_theirs == pytest.approx(_FROZEN["retrieval"]["metrics"][f"cosine_map@{k}"], abs=_CLOSE)
    ours = evaluate_retrieval(encoder, data, at=_RANKS)[f"map@{k}"]
    assert ours == pytest.approx(average_precision_at(ranked, count, k).mean())
    assert k == 10 or ours < as_theirs


def test_reranking_agrees():
    frozen = _FROZEN["reranking"]
    samples = [
        RerankingSample(one["query"], tuple(one["positive"]), tuple(one["negative"])) for one in frozen["samples"]
    ]
    metrics = evaluate_reranking(TableEncoder(frozen["table"]), samples, at=5)
    assert metrics == pytest.approx(frozen["metrics"], abs=_CLOSE)
    # How torch sorts equal scores is left open, so that only these two can be compared.
    tied = evaluate_reranking(TableEncoder(frozen["tied_table"]), samples, at=5)
    assert tied["map"] == pytest.approx(frozen["tied_metrics"]["map"], abs=_CLOSE)
    assert tied["ndcg@5"] == pytest.approx(frozen["tied_metrics"]["ndcg@5"], abs=_CLOSE)
    assert tied["map"] != pytest.approx(metrics["map"], abs=_CLOSE)


def test_triplet_accuracies_agree():
    frozen = _FROZEN["triplets"]
    frame = pd.DataFrame(frozen["rows"], columns=["anchor", "positive", "negative"])
    metrics = evaluate_triplets(TableEncoder(frozen["table"]), Triplets.from_frame(frame))
    for key, value in metrics.items():
        name = key.removeprefix("accuracy_")
        assert value == pytest.approx(frozen["metrics"][f"{name}_accuracy"], abs=_CLOSE), name


def _binary_metrics() -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    frozen = _FROZEN["binary"]
    labels, encoder = np.array(frozen["labels"]), TableEncoder(frozen["table"])
    names = [[f"{side}{index}" for index in range(len(labels))] for side in "lr"]
    pairs = Pairs.from_frame(pd.DataFrame({"left": names[0], "right": names[1], "score": labels.astype(float)}))
    left, right = (encoder.encode(side) for side in names)
    cosines = np.sum(left * right, axis=1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    return evaluate_pairs(encoder, pairs, head="cosine"), cosines, labels


def test_binary_metrics_agree_in_all_but_mcc():
    metrics, _, _ = _binary_metrics()
    theirs = _FROZEN["binary"]["metrics"]
    for key in ("accuracy", "accuracy_threshold", "f1", "f1_threshold", "precision", "recall"):
        assert metrics[key] == pytest.approx(theirs[f"cosine_{key}"], abs=_CLOSE), key
    assert metrics["average_precision"] == pytest.approx(theirs["cosine_ap"], abs=_CLOSE)


def test_mcc_differs_by_its_threshold_alone():
    metrics, cosines, labels = _binary_metrics()
    theirs = _FROZEN["binary"]["metrics"]["cosine_mcc"]
    at_best_f1 = np.corrcoef(cosines >= metrics["f1_threshold"], labels)[0, 1]
    assert at_best_f1 == pytest.approx(theirs, abs=_CLOSE)
    at_best_mcc = np.corrcoef(cosines >= metrics["mcc_threshold"], labels)[0, 1]
    assert metrics["mcc"] == pytest.approx(at_best_mcc, abs=_CLOSE)
    assert metrics["mcc"] >= theirs - _CLOSE


@pytest.mark.parametrize(
    ("name", "settings"), [("plain", {}), ("few_neighbours", {"top_k": 2}), ("few_pairs", {"max_pairs": 10})]
)
def test_paraphrase_mining_agrees(name, settings):
    frozen = _FROZEN["paraphrases"]
    metrics = evaluate_paraphrase_mining(
        TableEncoder(frozen["table"]), frozen["texts"], map(tuple, frozen["duplicates"]), **settings
    )
    assert metrics == pytest.approx(frozen["metrics"][name], abs=_CLOSE)


def test_paraphrase_mining_on_the_transitive_closure_agrees():
    frozen = _FROZEN["paraphrases"]
    duplicates = transitive_closure(map(tuple, frozen["duplicates"]))
    metrics = evaluate_paraphrase_mining(TableEncoder(frozen["table"]), frozen["texts"], duplicates)
    assert metrics == pytest.approx(frozen["metrics"]["transitive"], abs=_CLOSE)
