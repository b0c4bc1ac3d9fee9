"""Writes tests/losses/sentence_transformers.json: losses and gradients of sentence-transformers on fixed embeddings.

Run once, in an environment of its own: `pip install torch==2.13.0 sentence-transformers==6.2.0`, then
`python scripts/freeze_sentence_transformers_losses.py`. The tests compare with the file and need neither.

A batch holds the embeddings of each column of texts, and what the losses are told about them; a case is a loss with its
settings, its value and its gradient for each column.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses import gist_embed
from sentence_transformers.sentence_transformer.losses.contrastive import SiameseDistanceMetric
from sentence_transformers.sentence_transformer.losses.triplet import TripletDistanceMetric
from sentence_transformers.util import cos_sim, dot_score, pairwise_cos_sim, pairwise_dot_score

TARGET = Path(__file__).parent.parent / "tests" / "losses" / "sentence_transformers.json"
Columns = list[torch.Tensor]
Compute = Callable[[Columns, dict], torch.Tensor]

BINARY = {
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
GRADED = {
    "grades": ([0.2, 0.8, 0.8, 0.0, 1.0, 0.5, 0.2], 4),
    "grades_odd_dimension": ([0.9, 0.1, 0.4, 0.4, 0.6], 3),
    "equal_grades": ([0.5, 0.5, 0.5], 4),
}
CLASSES = {
    "classes": [0, 0, 1, 1, 2, 2, 2, 0],
    "a_class_of_one": [4, 7, 4, 7, 9, 4],
}


class Lookup(torch.nn.Module):
    """Stands in for a model: its features are the embeddings."""

    def __init__(self, dimension: int):
        super().__init__()
        self.dimension = dimension

    def get_embedding_dimension(self) -> int:
        """What MatryoshkaLoss compares its dims with."""
        return self.dimension

    def forward(self, features: dict) -> dict:
        """Returns what it is given."""
        return {"sentence_embedding": features["embedding"]}


def of_embeddings(loss: torch.nn.Module, told: str | None = None) -> Compute:
    """A loss that takes embeddings, and one thing that the batch holds besides."""
    return lambda columns, batch: loss.compute_loss_from_embeddings(
        columns, torch.tensor(batch[told]) if told else None
    )


def of_teacher(columns: Columns, batch: dict) -> torch.Tensor:
    teacher = [torch.tensor(column, dtype=torch.float32) for column in batch["teacher_same_dimension"]]
    return losses.MSELoss(None).compute_loss_from_embeddings(columns, teacher)


def guided(**settings) -> Compute:
    """GISTEmbedLoss wants tokenizers only to be built."""

    def compute(columns: Columns, batch: dict) -> torch.Tensor:
        loss = gist_embed.GISTEmbedLoss.__new__(gist_embed.GISTEmbedLoss)
        torch.nn.Module.__init__(loss)
        defaults = {"temperature": 0.01, "margin_strategy": "absolute", "margin": 0.0}
        flags = {"contrast_anchors": True, "contrast_positives": True}
        for key, value in {**defaults, **flags, **settings}.items():
            setattr(loss, key, value)
        loss.model = lambda text: {"sentence_embedding": text["student"]}
        loss.guide = lambda text: {"sentence_embedding": text["guide"]}
        loss.must_retokenize = loss.gather_across_devices = False
        loss.similarity_fct = torch.nn.CosineSimilarity(dim=-1)
        loss.cross_entropy_loss = torch.nn.CrossEntropyLoss()
        guides = [torch.tensor(column, dtype=torch.float32) for column in batch["teacher"]]
        texts = [{"student": student, "guide": guide} for student, guide in zip(columns, guides, strict=True)]
        return loss(texts, None)

    return compute


def matryoshka(inner: Callable[[torch.nn.Module], torch.nn.Module], told: str | None = None, **settings) -> Compute:
    def compute(columns: Columns, batch: dict) -> torch.Tensor:
        model = Lookup(columns[0].shape[1])
        loss = losses.MatryoshkaLoss(model, inner(model), settings["matryoshka_dims"], settings["matryoshka_weights"])
        return loss([{"embedding": column} for column in columns], torch.tensor(batch[told]) if told else None)

    return compute


def binary_cases() -> list[tuple[str, dict, Compute]]:
    euclidean = SiameseDistanceMetric.EUCLIDEAN
    far = {"distance": "euclidean", "margin": 1.5}
    return [
        ("contrastive", {}, of_embeddings(losses.ContrastiveLoss(None), "labels")),
        ("contrastive", far, of_embeddings(losses.ContrastiveLoss(None, euclidean, margin=1.5), "labels")),
        ("online-contrastive", {}, of_embeddings(losses.OnlineContrastiveLoss(None), "labels")),
        ("online-contrastive", far, of_embeddings(losses.OnlineContrastiveLoss(None, euclidean, margin=1.5), "labels")),
        ("cosine-similarity", {}, of_embeddings(losses.CosineSimilarityLoss(None), "labels")),
    ]


def graded_cases() -> list[tuple[str, dict, Compute]]:
    dot = {"scale": 3.0, "similarity": "dot"}
    cut = {"matryoshka_dims": [3, 2], "matryoshka_weights": [1.0, 1.0]}
    return [
        ("cosent", {}, of_embeddings(losses.CoSENTLoss(None), "labels")),
        ("cosent", dot, of_embeddings(losses.CoSENTLoss(None, 3.0, pairwise_dot_score), "labels")),
        ("angle", {}, of_embeddings(losses.AnglELoss(None), "labels")),
        ("angle", {"scale": 5.0}, of_embeddings(losses.AnglELoss(None, 5.0), "labels")),
        ("cosent", cut, matryoshka(losses.CoSENTLoss, "labels", **cut)),
    ]


def ranking_cases() -> list[tuple[str, dict, Compute]]:
    ranking = losses.MultipleNegativesRankingLoss
    both = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
    cut = {"matryoshka_dims": [4, 2, 3], "matryoshka_weights": [1.0, 0.3, 0.5]}
    return [
        ("ranking", {}, of_embeddings(ranking(None))),
        ("ranking", {"scale": 2.0, "similarity": "dot"}, of_embeddings(ranking(None, 2.0, dot_score))),
        ("ranking", {"symmetric": True}, of_embeddings(ranking(None, 20.0, cos_sim, **both))),
        ("ranking", cut, matryoshka(ranking, **cut)),
        ("embedding-mse", {}, of_teacher),
    ]


def guided_cases() -> list[tuple[str, dict, Compute]]:
    settings = [
        {},
        {"temperature": 0.1, "margin": 0.1},
        {"temperature": 0.1, "margin": 0.2, "margin_strategy": "relative"},
        {"temperature": 0.2, "contrast_anchors": False},
        {"temperature": 0.2, "contrast_positives": False},
        {"temperature": 0.2, "contrast_anchors": False, "contrast_positives": False},
    ]
    return [("gist", each, guided(**each)) for each in settings]


def triplet_cases() -> list[tuple[str, dict, Compute]]:
    cosine, manhattan = TripletDistanceMetric.COSINE, TripletDistanceMetric.MANHATTAN
    return [
        ("triplet", {}, of_embeddings(losses.TripletLoss(None))),
        (
            "triplet",
            {"distance": "euclidean", "margin": 0.5},
            of_embeddings(losses.TripletLoss(None, triplet_margin=0.5)),
        ),
        ("triplet", {"distance": "cosine", "margin": 0.4}, of_embeddings(losses.TripletLoss(None, cosine, 0.4))),
        ("triplet", {"distance": "manhattan", "margin": 1.0}, of_embeddings(losses.TripletLoss(None, manhattan, 1.0))),
    ]


def distillation_cases() -> list[tuple[str, dict, Compute]]:
    warm = {"temperature": 2.5, "similarity": "cosine"}
    kl = losses.DistillKLDivLoss
    return [
        ("margin-mse", {}, of_embeddings(losses.MarginMSELoss(None), "teacher_scores")),
        (
            "margin-mse",
            {"similarity": "cosine"},
            of_embeddings(losses.MarginMSELoss(None, pairwise_cos_sim), "teacher_scores"),
        ),
        ("kl-divergence", {}, of_embeddings(kl(None), "teacher_scores")),
        ("kl-divergence", warm, of_embeddings(kl(None, pairwise_cos_sim, temperature=2.5), "teacher_scores")),
    ]


def class_cases() -> list[tuple[str, dict, Compute]]:
    distances = losses.BatchHardTripletLossDistanceFunction
    cosine = {"distance": "cosine", "margin": 0.5}
    cases = [
        (name, settings, of_embeddings(loss(None, distance, margin), "classes"))
        for name, loss in (
            ("batch-hard", losses.BatchHardTripletLoss),
            ("batch-semi-hard", losses.BatchSemiHardTripletLoss),
            ("batch-all", losses.BatchAllTripletLoss),
        )
        for settings, distance, margin in (
            ({}, distances.euclidean_distance, 5.0),
            ({"margin": 0.3}, distances.euclidean_distance, 0.3),
            (cosine, distances.cosine_distance, 0.5),
        )
    ]
    soft = losses.BatchHardSoftMarginTripletLoss
    for settings, distance in (({}, distances.euclidean_distance), ({"distance": "cosine"}, distances.cosine_distance)):
        cases.append(("batch-hard-soft-margin", settings, of_embeddings(soft(None, distance), "classes")))
    return cases


def close_columns(seed: int, num_rows: int, dimension: int, num_columns: int) -> list[np.ndarray]:
    """Columns whose rows lie near the first column's, nearer or further."""
    random = np.random.default_rng(seed)
    first = random.normal(size=[num_rows, dimension])
    columns = [first]
    for _ in range(num_columns - 1):
        spread = random.uniform(0.2, 1.0, size=[num_rows, 1])
        columns.append(first + random.normal(size=[num_rows, dimension]) * spread)
    return [column.round(2) for column in columns]


def frozen(batch: dict, name: str, settings: dict, compute: Compute) -> dict:
    columns = [torch.tensor(column, dtype=torch.float32, requires_grad=True) for column in batch["columns"]]
    value = compute(columns, batch)
    value.backward()
    gradients = [np.zeros(column.shape) if column.grad is None else column.grad.numpy() for column in columns]
    rounded = [gradient.astype(float).round(7).tolist() for gradient in gradients]
    return {
        "batch": batch["name"],
        "loss": name,
        "settings": settings,
        "value": round(value.item(), 7),
        "gradients": rounded,
    }


def pair_batches() -> list[tuple[dict, list]]:
    batches = []
    for seed, (name, labels) in enumerate(BINARY.items(), start=20):
        columns = [column.tolist() for column in close_columns(seed, len(labels), 3, 2)]
        batches.append(({"name": name, "columns": columns, "labels": labels}, binary_cases()))
    for seed, (name, (labels, dimension)) in enumerate(GRADED.items(), start=40):
        columns = [column.tolist() for column in close_columns(seed, len(labels), dimension, 2)]
        batches.append(({"name": name, "columns": columns, "labels": labels}, graded_cases()))
    return batches


def triplet_batches() -> list[tuple[dict, list]]:
    batches = []
    for num_negatives, name in enumerate(["no_negatives", "one_negative", "two_negatives"]):
        num_columns = 2 + num_negatives
        batch = {"name": name}
        for seed, (key, dimension) in enumerate({"columns": 4, "teacher": 3, "teacher_same_dimension": 4}.items(), 60):
            columns = close_columns(10 * num_negatives + seed, 5, dimension, num_columns)
            batch[key] = [column.tolist() for column in columns]
        scores = np.random.default_rng(90 + num_negatives).normal(size=[5, num_columns - 1]) * 2
        batch["teacher_scores"] = scores.round(2).tolist()
        cases = ranking_cases()
        if num_negatives < 2:
            cases += guided_cases()
        if num_negatives == 1:
            cases += triplet_cases()
        if num_negatives > 0:
            cases += distillation_cases()
        batches.append((batch, cases))
    return batches


def class_batches() -> list[tuple[dict, list]]:
    return [
        (
            {"name": name, "columns": [close_columns(seed, len(classes), 3, 1)[0].tolist()], "classes": classes},
            class_cases(),
        )
        for seed, (name, classes) in enumerate(CLASSES.items(), start=95)
    ]


def main() -> None:
    batches = pair_batches() + triplet_batches() + class_batches()
    versions = {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__}
    batch_lines = ",\n".join(json.dumps(batch) for batch, _ in batches)
    case_lines = ",\n".join(json.dumps(frozen(batch, *case)) for batch, cases in batches for case in cases)
    TARGET.write_text(
        f'{{"versions": {json.dumps(versions)}, "batches": [\n{batch_lines}\n], "cases": [\n{case_lines}\n]}}\n'
    )


if __name__ == "__main__":
    main()
