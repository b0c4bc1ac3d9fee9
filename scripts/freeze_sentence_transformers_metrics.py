"""Writes `tests/evaluation/sentence_transformers.json`: what sentence-transformers measures on fixed vectors.

Run once, in an environment of its own: `pip install torch==2.13.0 sentence-transformers==6.2.0`, then
`python scripts/freeze_sentence_transformers_metrics.py`.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import sentence_transformers
import torch
from sentence_transformers.sentence_transformer import evaluation
from sentence_transformers.util import cos_sim, dot_score

TARGET = Path(__file__).parents[1] / "tests" / "evaluation" / "sentence_transformers.json"
RANKS = [1, 3, 5, 10]
NUM_QUERIES, NUM_DOCUMENTS, NUM_SAMPLES, NUM_TRIPLETS, NUM_PAIRS, NUM_TEXTS = 8, 40, 6, 50, 60, 14


class TableModel:
    """Stands in for a model: looks vectors up."""

    similarity_fn_name = "cosine"
    model_card_data = SimpleNamespace(set_evaluation_metrics=lambda *arguments: None)

    def __init__(self, table: dict[str, list[float]]):
        self.table = table

    def encode(self, texts: list[str], convert_to_tensor: bool = False, **settings: Any) -> Any:
        """Texts [n] to float32 [n, dimension], whatever the other settings are."""
        vectors = np.array([self.table[text] for text in texts], np.float32)
        return torch.from_numpy(vectors) if convert_to_tensor else vectors

    encode_query = encode_document = encode


def vectors(random: np.random.Generator, names: list[str], dimension: int = 4) -> dict[str, list[float]]:
    return {name: random.normal(size=dimension).round(2).tolist() for name in names}


def near(random: np.random.Generator, vector: list[float], spread: float) -> list[float]:
    return (np.array(vector) + random.normal(size=len(vector)) * spread).round(2).tolist()


def retrieval(random: np.random.Generator) -> dict[str, Any]:
    """Queries with one to six relevant documents, no two scores equal."""
    queries = [f"q{index}" for index in range(NUM_QUERIES)]
    documents = [f"d{index:02}" for index in range(NUM_DOCUMENTS)]
    table = vectors(random, [*queries, *documents])
    relevance = {}
    for query in queries:
        relevant = random.choice(documents, size=random.integers(1, 7), replace=False).tolist()
        relevance[query] = sorted(relevant)
        for document in relevant[:2]:
            table[document] = near(random, table[query], 0.8)
    evaluator = evaluation.InformationRetrievalEvaluator(
        {name: name for name in queries},
        {name: name for name in documents},
        {query: set(relevant) for query, relevant in relevance.items()},
        **{f"{name}_at_k": RANKS for name in ("mrr", "ndcg", "accuracy", "precision_recall", "map")},
        score_functions={"cosine": cos_sim, "dot": dot_score},
        write_csv=False,
    )
    return {"table": table, "relevance": relevance, "metrics": evaluator(TableModel(table))}


def reranking(random: np.random.Generator) -> dict[str, Any]:
    """Queries with candidates; in some a positive and a negative have the same vector."""
    table: dict[str, list[float]] = {}
    samples = []
    for number in range(NUM_SAMPLES):
        positives = [f"p{number}{index}" for index in range(random.integers(1, 4))]
        negatives = [f"n{number}{index}" for index in range(random.integers(2, 14))]
        table |= vectors(random, [f"q{number}", *positives, *negatives])
        samples.append({"query": f"q{number}", "positive": positives, "negative": negatives})
    evaluator = evaluation.RerankingEvaluator(samples, at_k=5, write_csv=False)
    untied = evaluator(TableModel(table))
    tied_table = table | {sample["negative"][0]: table[sample["positive"][0]] for sample in samples[::2]}
    tied = evaluator(TableModel(tied_table))
    return {"table": table, "tied_table": tied_table, "samples": samples, "metrics": untied, "tied_metrics": tied}


def triplets(random: np.random.Generator) -> dict[str, Any]:
    """Triplets whose similarities disagree, since the lengths of the vectors differ."""
    rows = [[f"{side}{index}" for side in "apn"] for index in range(NUM_TRIPLETS)]
    table = vectors(random, [name for row in rows for name in row])
    for anchor, positive, _ in rows:
        table[positive] = near(random, table[anchor], 1.5)
    evaluator = evaluation.TripletEvaluator(
        *zip(*rows, strict=True), similarity_fn_names=["cosine", "dot", "euclidean", "manhattan"], write_csv=False
    )
    return {"table": table, "rows": rows, "metrics": evaluator(TableModel(table))}


def binary(random: np.random.Generator) -> dict[str, Any]:
    """Labelled pairs, two of them with the vectors of others, so that similarities tie."""
    labels = (random.random(NUM_PAIRS) < 0.4).astype(int).tolist()
    left, right = [f"l{index}" for index in range(NUM_PAIRS)], [f"r{index}" for index in range(NUM_PAIRS)]
    table = vectors(random, [*left, *right])
    for index, label in enumerate(labels):
        if label:
            table[right[index]] = near(random, table[left[index]], 1.0)
    for index in (1, 2):
        table[left[index]], table[right[index]] = table[left[-index]], table[right[-index]]
    evaluator = evaluation.BinaryClassificationEvaluator(
        left, right, labels, similarity_fn_names=["cosine"], write_csv=False
    )
    return {"table": table, "labels": labels, "metrics": evaluator(TableModel(table))}


def paraphrases(random: np.random.Generator) -> dict[str, Any]:
    """Texts with duplicates; two have the same vector."""
    texts = {f"t{index:02}": f"text {index}" for index in range(NUM_TEXTS)}
    table = vectors(random, list(texts.values()))
    for index in range(0, NUM_TEXTS - 2, 3):
        table[f"text {index + 1}"] = near(random, table[f"text {index}"], 0.5)
    table["text 13"] = table["text 12"]
    duplicates = [(f"t{index:02}", f"t{index + 1:02}") for index in range(0, NUM_TEXTS - 2, 3)]
    duplicates += [("t00", "t04"), ("t12", "t06")]
    metrics = {}
    for name, settings in {
        "plain": {},
        "few_neighbours": {"top_k": 2},
        "few_pairs": {"max_pairs": 10},
        "transitive": {"add_transitive_closure": True},
    }.items():
        evaluator = evaluation.ParaphraseMiningEvaluator(texts, duplicates, write_csv=False, **settings)
        metrics[name] = evaluator(TableModel(table))
    return {"table": table, "texts": texts, "duplicates": duplicates, "metrics": metrics}


def main() -> None:
    parts = (retrieval, reranking, triplets, binary, paraphrases)
    frozen = {part.__name__: part(np.random.default_rng(seed)) for seed, part in enumerate(parts, start=40)}
    versions = {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__}
    lines = [f'"{name}": {json.dumps(value)}' for name, value in {"versions": versions, **frozen}.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
