"""The works of `benchmark_encoding.py`, as each side does them in a process of its own."""

import csv
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from benchmark_machine import device_megabytes, measure_products, versions_of
from benchmark_rounds import Figures
from checkpoint_sides import pearson_of_cosines

__all__ = ["NAIVE_BATCH", "measure"]

NAIVE_BATCH = 64
# Vectors of the padded form may differ from the flat form's by rounding alone.
MOST_DIFFERENCE = 1e-5
# Enough of all lengths that every graph is built, and every thread and buffer there, when the clock starts.
WARM_UP_TEXTS = 512

Job = dict[str, Any]
Item = TypeVar("Item")
Encode = Callable[[list[str]], np.ndarray]


def measure(job: Job) -> Figures:
    """What a worker measures: the job's `work` by its `side`."""
    if job["work"] == "machine":
        return measure_products(job["device"])
    if job["work"] == "prepare":
        return prepare(job)
    texts = read_texts(job["data"], job["texts"], job["rows"])
    makers = {"tfsiamese": _here, "padded, called naively": _naive, "sentence-transformers": _sentence_transformers}
    encode, versions = makers[job["side"]](job)
    encode(texts[:: max(1, len(texts) // WARM_UP_TEXTS)][:WARM_UP_TEXTS])
    started = time.perf_counter()
    vectors = encode(texts)
    seconds = time.perf_counter() - started
    rate = len(texts) / seconds
    figures = {"texts_per_second": rate, "seconds": seconds, "mean_cosine": _mean_cosine(vectors)}
    if job["texts"] == "sts":
        figures["pearson"] = pearson_of_cosines(vectors, [score for _, _, score in read_sts(job["data"], job["rows"])])
    figures["gigaflops_per_second"] = rate * job["operations_per_text"] / 1e9
    return figures | versions | _device_peak(job)


def prepare(job: Job) -> Figures:
    """Writes the padded form, and counts float operations a text for each case."""
    import float_operations as counts

    figures: Figures = {}
    if job["use_texts"]:
        from padded_use import largest_difference, write_padded

        import tfsiamese as ts

        write_padded(Path(job["folder"]) / "padded")
        encoder = ts.load_encoder("use-multilingual")
        sample = read_texts(job["data"], job["use_texts"][0], 256)
        difference = largest_difference(Path(job["folder"]) / "padded", encoder, sample)
        if not difference <= MOST_DIFFERENCE:
            raise SystemExit(f"The padded form's vectors differ by {difference:.2g} from the encoder's.")
        figures["padded_difference"] = difference
    for name in job["use_texts"]:
        texts = read_texts(job["data"], name, job["rows"])
        operations = counts.use_multilingual_operations(counts.use_multilingual_tokens(texts))
        figures[f"use, {name}"] = operations / len(texts)
    if job["checkpoint"]:
        import tfsiamese as ts

        texts = read_texts(job["data"], "sts", job["rows"])
        encoder = ts.load_encoder(job["checkpoint"])
        tokens = np.minimum(encoder.num_tokens(texts), encoder.max_length or math.inf)
        figures["checkpoint"] = counts.bert_operations(job["checkpoint"], tokens) / len(texts)
    return figures


def read_texts(data: str, name: str, rows: int | None = None) -> list[str]:
    """MELO's titles ("titles"), or the left and then the right sentences of STS-B dev ("sts")."""
    if name == "sts":
        pairs = read_sts(data, rows)
        return [left for left, _, _ in pairs] + [right for _, right, _ in pairs]
    lines = Path(data, "melo_en_dev", "corpus_elements.tsv").read_text(encoding="utf-8").splitlines()
    return _spread([line.split("\t", 1)[1] for line in lines], rows)


def read_sts(data: str, rows: int | None = None) -> list[tuple[str, str, float]]:
    """Pairs of STS-B dev with their scores."""
    with Path(data, "stsb", "stsb-en-dev.csv").open(encoding="utf-8", newline="") as file:
        return _spread([(row[0], row[1], float(row[2])) for row in csv.reader(file)], rows)


def _spread(items: list[Item], count: int | None) -> list[Item]:
    """Some items from all over the list; None for all."""
    return items if count is None or count >= len(items) else items[:: len(items) // count][:count]


def _here(job: Job) -> tuple[Encode, Figures]:
    import tfsiamese as ts

    options = {} if job["precision"] == "float32" else {"mixed_precision": True}
    encoder = ts.load_encoder(job["source"], **options)
    return lambda texts: encoder.encode(texts, batch_size=job["batch_size"]), {}


def _naive(job: Job) -> tuple[Encode, Figures]:
    """The SavedModel, called on texts as they come."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the tokenizer's ops

    model = tf.saved_model.load(str(Path(job["folder"]) / "padded"))

    def encode(texts: list[str]) -> np.ndarray:
        starts = range(0, len(texts), job["batch_size"])
        return np.concatenate(
            [model(tf.constant(texts[start : start + job["batch_size"]])).numpy() for start in starts]
        )

    return encode, {}


def _sentence_transformers(job: Job) -> tuple[Encode, Figures]:
    import checkpoint_sides as sides

    side = sides.SentenceTransformers(job["source"], job["precision"], job["device"])
    versions = {"versions": versions_of("sentence-transformers", "torch", "transformers")}
    return lambda texts: side.encode(texts, job["batch_size"]), versions


def _mean_cosine(vectors: np.ndarray) -> float:
    """Of each text with the next: the same on both sides where they give the same vectors."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((units[:-1] * units[1:]).sum(axis=1).mean())


def _device_peak(job: Job) -> Figures:
    if job["device"] == "gpu" and job["side"] == "sentence-transformers":
        import torch

        return {"peak_device_megabytes": torch.cuda.max_memory_allocated() / 1024**2}
    return {} if job["side"] == "sentence-transformers" else device_megabytes(job["device"])
