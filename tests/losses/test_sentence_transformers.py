"""Values and gradients against sentence-transformers.

`sentence_transformers.json` was written by `freeze_sentence_transformers.py`, beside it, with the versions it names.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.losses import ContrastiveLoss, CosineSimilarityLoss, Loss, OnlineContrastiveLoss

BATCHES = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text())["batches"]
CASES = [
    pytest.param(batch, frozen, id="-".join(filter(None, [frozen["loss"], frozen["distance"], batch["name"]])))
    for batch in BATCHES
    for frozen in batch["frozen"]
]


def _loss(frozen: dict) -> Loss:
    if frozen["loss"] == "cosine-similarity":
        return CosineSimilarityLoss()
    loss_class = {"contrastive": ContrastiveLoss, "online-contrastive": OnlineContrastiveLoss}[frozen["loss"]]
    return loss_class(margin=frozen["margin"], distance=frozen["distance"])


@pytest.mark.parametrize(("batch", "frozen"), CASES)
def test_value_and_gradients_are_those_of_sentence_transformers(batch, frozen):
    left, right = (tf.constant(batch[side], tf.float32) for side in ("left", "right"))
    with tf.GradientTape() as tape:
        tape.watch([left, right])
        value = _loss(frozen)(tf.constant(batch["labels"], tf.float32), (left, right))
    left_gradient, right_gradient = tape.gradient(value, [left, right])
    np.testing.assert_allclose(value, frozen["value"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(left_gradient, frozen["left_gradient"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(right_gradient, frozen["right_gradient"], rtol=1e-4, atol=1e-5)
