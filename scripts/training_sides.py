"""The works of `benchmark_training.py`, as each side does them in a process of its own."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_machine import device_megabytes, measure_products, versions_of
from benchmark_rounds import Figures, Step, describe_steps

__all__ = ["LEARNING_RATE", "measure", "prepare", "read_sts"]

# Vectors of the padded form may differ from the flat form's by rounding alone.
MOST_DIFFERENCE = 1e-5
# For checkpoints.
LEARNING_RATE = 2e-5

Job = dict[str, Any]


def measure(job: Job) -> Figures:
    """What a worker measures: the job's `work` by its `side`."""
    if job["work"] == "machine":
        return measure_products(job["device"])
    if job["work"] == "prepare":
        return prepare(job)
    sides = {
        ("article", "tfsiamese"): _article,
        ("article", "tf_keras + hub.KerasLayer"): _article_in_tf_keras,
        ("ranking", "tfsiamese"): _ranking,
        ("ranking", "padded form"): _ranking,
        ("checkpoint", "tfsiamese"): _checkpoint,
        ("checkpoint", "sentence-transformers"): _checkpoint,
    }
    figures = sides[job["work"], job["side"]](job)
    return figures | {"gigaflops_per_second": figures["pairs_per_second"] * job["operations_per_pair"] / 1e9}


def prepare(job: Job) -> Figures:
    """Writes what sides share, and counts float operations a pair for each work."""
    import float_operations as counts

    import tfsiamese as ts

    figures: Figures = {}
    folder, data = Path(job["folder"]), job["data"]
    if {"article", "ranking"} & set(job["works"]):
        encoder = ts.load_encoder("use-multilingual")  # builds the cache, so that no timed process has to
    if "article" in job["works"]:
        ts.export_saved_model(encoder, folder / "exported")
        pairs = ts.read_pairs(Path(data) / "seed_article" / "esco_pairs.csv").frame
        texts = [*pairs["left"], *pairs["right"]]
        operations = counts.use_multilingual_operations(counts.use_multilingual_tokens(texts))
        figures["article"] = counts.TRAINING * operations / len(pairs)
    if "ranking" in job["works"]:
        from padded_use import largest_difference, write_padded

        frame = _labels(data, job["ranking_rows"])
        texts = [*frame["anchor"], *frame["positive"]]
        operations = counts.use_multilingual_operations(counts.use_multilingual_tokens(texts))
        figures["ranking"] = counts.TRAINING * operations / len(frame)
        write_padded(folder / "padded")
        difference = largest_difference(folder / "padded", encoder, texts[:512])
        if not difference <= MOST_DIFFERENCE:
            raise SystemExit(f"The padded form's vectors differ by {difference:.2g} from the encoder's.")
        figures["padded_difference"] = difference
    if "checkpoint" in job["works"]:
        left, right, _ = read_sts(data, "train", job["checkpoint_rows"])
        encoder = ts.load_encoder(job["checkpoint"])
        tokens = np.minimum(encoder.num_tokens(left + right), encoder.max_length or math.inf)
        operations = counts.bert_operations(job["checkpoint"], tokens)
        figures["checkpoint"] = counts.TRAINING * operations / len(left)
    return figures


def read_sts(data: str, part: str, rows: int | None = None) -> tuple[list[str], list[str], list[float]]:
    """Sentences and scores in [0, 1]; some rows from all over the file, which is sorted by source."""
    import csv

    with Path(data, "stsb", f"stsb-en-{part}.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    if rows is not None and rows < len(found):
        found = found[:: len(found) // rows][:rows]
    return [row[0] for row in found], [row[1] for row in found], [float(row[2]) / 5 for row in found]


def _labels(data: str, rows: int) -> Any:
    """Pairs of ESCO's labels, a seeded choice: a frame with anchor, positive, group."""
    from esco_examples import label_frame

    frame = label_frame(Path(data) / "esco" / "occupations_en.csv", varied=0.0, descriptions=0.0)
    return frame.sample(min(rows, len(frame)), random_state=0).reset_index(drop=True)


def _article_pairs(job: Job) -> Any:
    import tfsiamese as ts

    pairs = ts.read_pairs(Path(job["data"]) / "seed_article" / "esco_pairs.csv")
    return ts.Pairs.from_frame(pairs.frame[["left", "right", "score"]].head(job["rows"]))


def _article_warm_up(job: Job, num_pairs: int) -> int:
    """The first epoch: each size of batch has then been met."""
    return -(-num_pairs // job["batch_size"])


def _epoch_losses(steps: list[Step], warm_up: int) -> Figures:
    """The loss of each epoch, every row counting the same: both sides have the same batches in the same order."""
    epochs = [steps[start : start + warm_up] for start in range(0, len(steps), warm_up)]
    losses = [sum(step.loss * step.rows for step in epoch) / sum(step.rows for step in epoch) for epoch in epochs]
    return {"epoch_losses": losses}


def _article(job: Job) -> Figures:
    from step_clock import StepClock

    import tfsiamese as ts

    pairs, clock = _article_pairs(job), StepClock()
    model = ts.Siamese(ts.load_encoder("use-multilingual"), head="angular")
    settings = {"epochs": job["epochs"], "batch_size": job["batch_size"], "seed": 0}
    optimizer = ts.RowSparseAdam(1e-5, beta_2=0.9999, clipnorm=1.0)
    ts.fit(model, pairs, loss="mse", optimizer=optimizer, callbacks=[clock], **settings)
    warm_up = _article_warm_up(job, len(pairs))
    figures = describe_steps(clock.steps, warm_up) | _epoch_losses(clock.steps, warm_up)
    return figures | device_megabytes(job["device"])


def _article_in_tf_keras(job: Job) -> Figures:
    """The article's own code. It gets this project's SavedModel, which is faster than the padded original."""
    import time

    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf
    import tensorflow_hub as hub
    import tensorflow_text  # noqa: F401  registers the tokenizer's ops
    import tf_keras

    from tfsiamese.pairs.sampling import ShuffledSampler
    from tfsiamese.pairs.seeding import derived_seed

    encoder = hub.KerasLayer(str(Path(job["folder"]) / "exported" / "1"), trainable=True)
    left, right = (tf_keras.Input(shape=(), dtype=tf.string) for _ in range(2))
    cosine = tf_keras.layers.Dot(axes=-1, normalize=True)([encoder(left), encoder(right)])
    angular = 1.0 - tf.acos(tf.clip_by_value(cosine, -0.99999, 0.99999)) / tf.constant(math.pi)
    model = tf_keras.Model([left, right], angular)
    optimizer = tf_keras.optimizers.Adam(1e-5, beta_1=0.9, beta_2=0.9999, epsilon=1e-7, clipnorm=1.0)
    model.compile(optimizer, loss="mse")

    frame = _article_pairs(job).frame
    columns = [frame["left"].to_numpy(str), frame["right"].to_numpy(str), frame["score"].to_numpy("float32")]
    sampler = ShuffledSampler(len(frame), job["batch_size"], derived_seed(0, "training"))
    steps = []
    for epoch in range(job["epochs"]):
        for rows in sampler.batches(epoch):
            lefts, rights, scores = (tf.constant(column[rows]) for column in columns)
            begin = time.perf_counter()
            loss = float(model.train_on_batch([lefts, rights], scores))
            steps.append(Step(begin, time.perf_counter(), loss, len(rows)))
    warm_up = _article_warm_up(job, len(frame))
    figures = describe_steps(steps, warm_up) | _epoch_losses(steps, warm_up)
    versions = versions_of("tf_keras", "tensorflow", "tensorflow-hub")
    return figures | device_megabytes(job["device"]) | {"versions": versions}


def _ranking(job: Job) -> Figures:
    """InfoNCE on ESCO's labels; both sides have the same training step, and differ in the network alone."""
    from step_clock import StepClock, until_enough

    import tfsiamese as ts

    is_padded = job["side"] != "tfsiamese"
    encoder = ts.load_encoder(Path(job["folder"]) / "padded" if is_padded else "use-multilingual")
    triplets = ts.Triplets.from_frame(_labels(job["data"], job["rows"]), source="ESCO labels")
    clock = StepClock(most_steps=job["steps"])
    with until_enough():
        settings = {"epochs": 2, "batch_size": job["batch_size"]}
        ts.fit(ts.Siamese(encoder, head="cosine"), triplets, loss="ranking", callbacks=[clock], **settings)
    return describe_steps(clock.steps, job["warm_up"]) | device_megabytes(job["device"])


def _checkpoint(job: Job) -> Figures:
    """The squared error of the cosine on STS-B, with AdamW there and the default optimizer here."""
    import checkpoint_sides as sides

    folder, precision = job["checkpoint"], job["precision"]
    if job["side"] == "tfsiamese":
        side: sides.Side = sides.TfSiamese(folder, precision)
        versions: dict[str, str] = {}
    else:
        side = sides.SentenceTransformers(folder, precision, job["device"])
        versions = versions_of("sentence-transformers", "torch", "transformers")
    steps = side.train(read_sts(job["data"], "train", job["rows"]), job["batch_size"], LEARNING_RATE)
    figures = describe_steps(steps, job["warm_up"]) | {"versions": versions}
    peak = side.peak_device_megabytes()
    return figures if peak is None else figures | {"peak_device_megabytes": peak}
