"""Trains the same things under one strategy, in a process of its own: python -m tests.training.distributed_program.

TensorFlow divides the CPU into logical devices, and connects workers, before its first operation only.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tests.conftest import WORDS
from tests.training.examples import classes, triplets
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.losses import get_loss
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training import Retention, RowSparseAdam, fit
from tfsiamese.training.strategies import make_strategy
from tfsiamese.workers import worker_index

Run = tuple[Path, Any, dict[str, Any]]

FAST = {"epochs": 2, "learning_rate": 0.01, "warmup": 0}
CHECKPOINT = Path(__file__).parent.parent / "encoders" / "checkpoints" / "bert"


class StepLosses(keras.callbacks.Callback):
    """Keeps the loss of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.losses.append((logs or {})["batch_loss"])


class MeanCosine:
    """An evaluator that encodes texts, some of them more than once."""

    primary_metric = "mean_cosine"
    greater_is_better = True

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        texts = [text for word in WORDS for text in (word, f"{word} {WORDS[0]}", word)]
        vectors = encoder.encode(texts, batch_size=5, normalize=True)
        return {self.primary_metric: float((vectors @ vectors.T).mean())}


def pairs() -> Pairs:
    """Thirty-seven pairs: no number of replicas divides them, nor most batches."""
    random = np.random.default_rng(7)
    texts = [[" ".join(random.choice(WORDS, size=random.integers(1, 5))) for _ in range(37)] for _ in range(2)]
    return Pairs.from_frame(pd.DataFrame({"left": texts[0], "right": texts[1], "score": random.uniform(size=37)}))


def mean_squared_error(folder: Path) -> Run:
    return folder, pairs(), {"loss": "mse", "batch_size": 5, "epochs": 3}


def one_row_a_batch(folder: Path) -> Run:
    return folder, pairs(), {"loss": "mse", "batch_size": 1, "epochs": 1}


def ranking(folder: Path) -> Run:
    return folder, triplets(40), {"loss": "ranking", "batch_size": 9}


def accumulated_mean_squared_error(folder: Path) -> Run:
    return folder, pairs(), {"loss": "mse", "batch_size": 4, "gradient_accumulation_steps": 3}


def one_large_batch(folder: Path) -> Run:
    return folder, pairs(), {"loss": "mse", "batch_size": 12}


def accumulated_ranking(folder: Path) -> Run:
    return folder, triplets(40), {"loss": "ranking", "batch_size": 9, "gradient_accumulation_steps": 2}


def cached_ranking(folder: Path) -> Run:
    return folder, triplets(40), {"loss": "ranking", "batch_size": 16, "mini_batch_size": 3}


def classes_with_matryoshka_and_retention(folder: Path) -> Run:
    loss = get_loss("batch-all", matryoshka_dims=[8, 4])
    return folder, classes(), {"loss": loss, "batch_size": 12, "retention": Retention(WORDS, batch_size=8)}


def learning_from_a_teacher(folder: Path) -> Run:
    return folder, triplets(40), {"loss": "gist", "batch_size": 9, "teacher": load_encoder(folder)}


def two_data_sets_with_validation(folder: Path) -> Run:
    data = {"titles": triplets(24), "scored": pairs()}
    validation = {"titles": triplets(10, seed=5), "scored": pairs().take(range(11))}
    return folder, data, {"validation": validation, "batch_size": 6, "evaluator": MeanCosine()}


def an_optimizer_of_keras(folder: Path) -> Run:
    halved = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    settings = {"optimizer": keras.optimizers.SGD(0.1, momentum=0.5), "callbacks": [halved]}
    return folder, pairs(), {"loss": "mse", "batch_size": 5, **settings}


def weight_decay_of_some_variables(folder: Path) -> Run:
    optimizer = RowSparseAdam(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["embedding_table", "kernel"])
    return folder, pairs(), {"loss": "mse", "batch_size": 5, "optimizer": optimizer}


def a_checkpoint_with_prompts(folder: Path) -> Run:
    settings = {"loss": "ranking", "batch_size": 6, "learning_rate": 1e-3, "query_prompt": "find: "}
    return CHECKPOINT, triplets(20), settings


SCENARIOS: dict[str, Callable[[Path], Run]] = {
    function.__name__: function
    for function in (
        mean_squared_error,
        one_row_a_batch,
        ranking,
        accumulated_mean_squared_error,
        one_large_batch,
        accumulated_ranking,
        cached_ranking,
        classes_with_matryoshka_and_retention,
        learning_from_a_teacher,
        two_data_sets_with_validation,
        an_optimizer_of_keras,
        weight_decay_of_some_variables,
        a_checkpoint_with_prompts,
    )
}


OF_DEVICES = tuple(name for name in SCENARIOS if name != "one_large_batch")
"""What two devices train: all but what is there to be compared with on one."""

OF_WORKERS = (
    "mean_squared_error",
    "ranking",
    "accumulated_mean_squared_error",
    "accumulated_ranking",
    "cached_ranking",
    "two_data_sets_with_validation",
)
"""What two workers train too: the other scenarios tell nothing more about them than about two devices."""


def run(name: str, folder: Path, strategy: tf.distribute.Strategy) -> dict[str, Any]:
    """Losses of every step, the history, and the weights at the end."""
    source, data, settings = SCENARIOS[name](folder)
    options = {"dropout": 0.0} if source == CHECKPOINT else {}
    encoder = load_encoder(source, **options)
    if source == CHECKPOINT:
        encoder.prompts = {"passage": "about: "}
    seen = StepLosses()
    callbacks = [seen, *settings.pop("callbacks", [])]
    history = fit(Siamese(encoder, "cosine"), data, strategy=strategy, callbacks=callbacks, **(FAST | settings))
    columns = {column: values for column, values in history.history.items() if column != "seconds"}
    weights = [variable.numpy().tolist() for _, variable in encoder.named_variables]
    return {"losses": seen.losses, "history": columns, "weights": weights}


def main(folder: Path, out: Path, *strategies: str) -> None:
    """Writes what each scenario gives under each strategy, as `<out>/<strategy>.json`."""
    if "mirrored" in strategies:
        (device,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
    for name in strategies:
        strategy = make_strategy(name)
        scenarios = {"one": (*SCENARIOS,), "mirrored": OF_DEVICES, "multiworker": OF_WORKERS}[name]
        results = {scenario: run(scenario, folder, strategy) for scenario in scenarios}
        worker = f"-{worker_index()}" if name == "multiworker" else ""
        (out / f"{name}{worker}.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
