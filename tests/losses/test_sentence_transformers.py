"""Values and gradients against sentence-transformers.

`scripts/freeze_sentence_transformers_losses.py` wrote `sentence_transformers.json`, with the versions it names.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.losses import LOSS_NAMES, get_loss

FROZEN = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text())
BATCHES = {batch["name"]: batch for batch in FROZEN["batches"]}
CASES = [
    pytest.param(case, id="-".join([case["loss"], case["batch"], *map(str, case["settings"].values())]))
    for case in FROZEN["cases"]
]
TOLD = {"scores": "labels", "classes": "classes", "teacher_scores": "teacher_scores"}


def _embeddings(columns: list[tf.Tensor], ragged: bool) -> tuple[tf.Tensor, ...]:
    """A batch's columns as a loss takes them: those after the positives are negatives."""
    if len(columns) < 3:
        return tuple(columns)
    negatives = tf.stack(columns[2:], axis=1)
    if ragged:
        negatives = tf.RaggedTensor.from_tensor(negatives)
    return (*columns[:2], negatives)


def _value_and_gradients(case: dict, ragged: bool) -> tuple[tf.Tensor, list[tf.Tensor]]:
    batch = BATCHES[case["batch"]]
    loss = get_loss(case["loss"], **case["settings"])
    labels = batch.get(TOLD.get(loss.labels))
    teacher = batch.get("teacher_same_dimension" if case["loss"] == "embedding-mse" else "teacher")
    if teacher is not None:
        teacher = _embeddings([tf.constant(column, tf.float32) for column in teacher], ragged)
    columns = [tf.constant(column, tf.float32) for column in batch["columns"]]
    with tf.GradientTape() as tape:
        tape.watch(columns)
        value = loss(None if labels is None else tf.constant(labels), _embeddings(columns, ragged), teacher)
    return value, tape.gradient(value, columns, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradients_are_those_of_sentence_transformers(case):
    for ragged in (False, True) if len(BATCHES[case["batch"]]["columns"]) > 2 else (False,):
        value, gradients = _value_and_gradients(case, ragged)
        np.testing.assert_allclose(value, case["value"], rtol=1e-5, atol=1e-6)
        for gradient, expected in zip(gradients, case["gradients"], strict=True):
            np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)


def test_every_loss_by_name_has_been_compared_but_the_plain_squared_error():
    compared = {case["loss"] for case in FROZEN["cases"]}
    assert compared == set(LOSS_NAMES) - {"mse"}
