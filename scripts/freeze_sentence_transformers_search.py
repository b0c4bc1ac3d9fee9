"""Writes what sentence-transformers finds and quantizes, for `tests/search` and `tests/mining`.

Run once, in an environment of its own: `pip install torch==2.13.0 sentence-transformers==6.2.0 datasets==5.2.0`, then
`python scripts/freeze_sentence_transformers_search.py`. No model is fetched: texts have fixed vectors.
"""

import json
from pathlib import Path

import datasets.arrow_dataset
import numpy as np
import sentence_transformers
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives
from sentence_transformers.util.quantization import quantize_embeddings
from sentence_transformers.util.retrieval import paraphrase_mining_embeddings
from sentence_transformers.util.similarity import cos_sim, pairwise_cos_sim

TESTS = Path(__file__).resolve().parent.parent / "tests"
PRECISIONS = ("int8", "uint8", "binary", "ubinary")
MINING_SETTINGS = [
    {},
    {"num_negatives": 1},
    {"range_min": 2},
    {"range_min": 1, "range_max": 6, "num_negatives": 5},
    {"absolute_margin": 0.1},
    {"absolute_margin": 0.0, "num_negatives": 8},
    {"relative_margin": 0.05},
    {"relative_margin": 0.5, "num_negatives": 4},
    {"max_score": 0.5},
    {"min_score": 0.4, "num_negatives": 10},
    {"max_score": 0.7, "min_score": 0.1, "absolute_margin": 0.02, "relative_margin": 0.1, "range_min": 1},
]


class FixedVectors:
    """What `mine_hard_negatives` asks of a model."""

    device = torch.device("cpu")

    def __init__(self, vectors: dict[str, list[float]]):
        self._vectors = vectors

    def encode(self, texts: list[str], **settings: object) -> np.ndarray:
        """Vectors of length 1, [texts, dimension]."""
        vectors = np.array([self._vectors[text] for text in texts], np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    encode_document = encode_query = encode

    def similarity(self, left: np.ndarray, right: np.ndarray) -> torch.Tensor:
        """Cosines [left, right]."""
        return cos_sim(left, right)

    def similarity_pairwise(self, left: np.ndarray, right: np.ndarray) -> torch.Tensor:
        """Cosines [rows]."""
        return pairwise_cos_sim(left, right)


def _quantization(random: np.random.Generator) -> dict:
    vectors = random.normal(size=[8, 12]).round(3)
    vectors[:, 4] = 0.25
    calibration = random.normal(size=[20, 12]).round(3)
    cases = []
    for precision in PRECISIONS:
        for calibrated in (False, True):
            codes = quantize_embeddings(
                vectors.astype(np.float32),
                precision,
                calibration_embeddings=calibration.astype(np.float32) if calibrated else None,
            )
            cases.append({"precision": precision, "calibrated": calibrated, "codes": codes.tolist()})
    return {"vectors": vectors.tolist(), "calibration": calibration.tolist(), "cases": cases}


def _paraphrases(random: np.random.Generator) -> dict:
    vectors = random.normal(size=[15, 4]).round(3)
    cases = []
    for settings in ({"top_k": 100}, {"top_k": 2}, {"top_k": 1}, {"top_k": 3, "max_pairs": 6}):
        pairs = paraphrase_mining_embeddings(torch.tensor(vectors, dtype=torch.float32), **settings)
        cases.append({"settings": settings, "pairs": [[round(score, 6), i, j] for score, i, j in pairs]})
    return {"vectors": vectors.tolist(), "cases": cases}


def _mining(random: np.random.Generator) -> dict:
    anchors = [f"anchor {number}" for number in range(8)] + ["anchor 0", "anchor 3"]
    positives = [f"positive {number}" for number in range(10)]
    corpus = [f"other {number}" for number in range(20)]
    vectors = {text: random.normal(size=4).round(3).tolist() for text in dict.fromkeys([*anchors, *corpus])}
    for anchor, positive in zip(anchors, positives, strict=True):
        vectors[positive] = (np.array(vectors[anchor]) + random.normal(size=4) * 0.7).round(3).tolist()
    dataset = Dataset.from_dict({"anchor": anchors, "positive": positives})
    cases = []
    for settings in MINING_SETTINGS:
        mined = mine_hard_negatives(
            dataset, FixedVectors(vectors), corpus=corpus, output_scores=True, verbose=False, **settings
        )
        rows = [
            [row["anchor"], row["positive"], row["negative"], *(round(score, 5) for score in row["scores"])]
            for row in mined
        ]
        cases.append({"settings": settings, "rows": rows})
    return {"anchors": anchors, "positives": positives, "corpus": corpus, "vectors": vectors, "cases": cases}


def _write(folder: str, content: dict) -> None:
    versions = {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__}
    path = TESTS / folder / "sentence_transformers.json"
    path.write_text(json.dumps({"versions": versions, **content}) + "\n", encoding="utf-8")


def main() -> None:
    # Nothing is cached here, and the pickling behind the fingerprint fails with some versions of pyarrow.
    datasets.arrow_dataset.generate_fingerprint = lambda dataset: "none"
    random = np.random.default_rng(7)
    _write("search", {"quantization": _quantization(random), "paraphrases": _paraphrases(random)})
    _write("mining", _mining(random))


if __name__ == "__main__":
    main()
