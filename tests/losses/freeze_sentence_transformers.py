"""Writes `sentence_transformers.json`: losses and gradients of sentence-transformers on fixed embeddings.

Run once, in an environment of its own: `pip install torch==2.13.0 sentence-transformers==6.2.0`, then
`python tests/losses/freeze_sentence_transformers.py`.
"""

import json
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses.contrastive import SiameseDistanceMetric

BATCHES = {
    "mixed": [1, 0, 1, 0, 0, 1],
    "larger": [0, 1, 1, 0, 1, 0, 0, 0, 1, 0],
    "one_same": [0, 0, 1, 0, 0],
    "none_same": [0, 0, 0, 0],
    "one_different": [1, 1, 0, 1, 1],
    "none_different": [1, 1, 1, 1],
    "one_of_each": [1, 0],
    "a_single_same": [1],
    "a_single_different": [0],
}
EUCLIDEAN = SiameseDistanceMetric.EUCLIDEAN
LOSSES = {
    ("contrastive", "cosine", 0.5): losses.ContrastiveLoss(None),
    ("contrastive", "euclidean", 1.5): losses.ContrastiveLoss(None, EUCLIDEAN, margin=1.5),
    ("online-contrastive", "cosine", 0.5): losses.OnlineContrastiveLoss(None),
    ("online-contrastive", "euclidean", 1.5): losses.OnlineContrastiveLoss(None, EUCLIDEAN, margin=1.5),
    ("cosine-similarity", None, None): losses.CosineSimilarityLoss(None),
}


def _embeddings(seed: int, num_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    left = random.normal(size=[num_pairs, 3])
    right = left + random.normal(size=[num_pairs, 3]) * random.uniform(0.2, 1.0, size=[num_pairs, 1])
    return left.round(2), right.round(2)


def _frozen(loss: torch.nn.Module, left: np.ndarray, right: np.ndarray, labels: list[int]) -> dict:
    vectors = [torch.tensor(side, dtype=torch.float32, requires_grad=True) for side in (left, right)]
    value = loss.compute_loss_from_embeddings(vectors, torch.tensor(labels))
    value.backward()
    left_gradient, right_gradient = (side.grad.numpy().astype(float).round(7).tolist() for side in vectors)
    return {"value": round(value.item(), 7), "left_gradient": left_gradient, "right_gradient": right_gradient}


def main() -> None:
    batches = []
    for seed, (name, labels) in enumerate(BATCHES.items(), start=20):
        left, right = _embeddings(seed, len(labels))
        frozen = [
            {"loss": loss_name, "distance": distance, "margin": margin} | _frozen(loss, left, right, labels)
            for (loss_name, distance, margin), loss in LOSSES.items()
        ]
        batches.append(
            {"name": name, "labels": labels, "left": left.tolist(), "right": right.tolist(), "frozen": frozen}
        )
    versions = {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__}
    path = Path(__file__).with_name("sentence_transformers.json")
    lines = ",\n".join(json.dumps(batch) for batch in batches)
    path.write_text(f'{{"versions": {json.dumps(versions)}, "batches": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
