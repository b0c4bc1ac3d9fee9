"""Training checkpoints: one step against torch, what is trained and what stays."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from safetensors.numpy import load_file

from tests.encoders.checkpoint.frozen import CHECKPOINTS, expected, load, shared
from tfsiamese import fit
from tfsiamese.encoders import CheckpointEncoder
from tfsiamese.losses import get_loss
from tfsiamese.pairs import Pairs, Triplets
from tfsiamese.siamese import Siamese
from tfsiamese.training.optimizers import RowSparseAdam

STEPS = {step["checkpoint"]: step for step in expected("training_step")["steps"]}
PAIRS = pd.DataFrame(expected("training_step")["pairs"], columns=["left", "right", "score"])
ONE_STEP = {"epochs": 1, "batch_size": 6}


def _pairs() -> Pairs:
    return Pairs.from_frame(PAIRS, source="frozen")


def _triplets() -> Triplets:
    frame = pd.DataFrame({"anchor": PAIRS["left"], "positive": PAIRS["right"], "negatives": [()] * len(PAIRS)})
    return Triplets.from_frame(frame, source="frozen")


def _adam(learning_rate: float = 1e-3) -> RowSparseAdam:
    return RowSparseAdam(learning_rate, beta_2=0.999, epsilon=1e-8, clipnorm=None)


def _values(encoder: CheckpointEncoder) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in encoder.named_variables}


def _changed(encoder: CheckpointEncoder, before: dict[str, np.ndarray]) -> set[str]:
    return {name for name, value in _values(encoder).items() if not np.array_equal(value, before[name])}


def _loss_of(name: str, encoder: CheckpointEncoder) -> tf.Tensor:
    left, right = (encoder(tf.constant(PAIRS[side].tolist()), training=True) for side in ("left", "right"))
    left, right = (tf.math.l2_normalize(side, axis=1) for side in (left, right))
    if name == "mse":
        scores = tf.constant(PAIRS["score"].to_numpy(np.float32))
        return tf.reduce_mean((tf.reduce_sum(left * right, axis=1) - scores) ** 2)
    logits = STEPS[encoder.layout.folder.name]["scale"] * tf.matmul(left, right, transpose_b=True)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.range(6), logits))


class TestAgainstTorch:
    @pytest.mark.parametrize("name", sorted(STEPS))
    def test_the_loss_and_the_gradients_are_the_same(self, name):
        encoder, step = load(name, dropout=0), STEPS[name]
        variables = [variable.value for _, variable in encoder.named_variables]
        with tf.GradientTape() as tape:
            loss = _loss_of(step["loss_name"], encoder)
        gradients = [tf.convert_to_tensor(gradient).numpy() for gradient in tape.gradient(loss, variables)]
        assert float(loss) == pytest.approx(step["loss"], abs=1e-5)
        in_their_layout = encoder.weight_map.write(dict(zip(encoder.variable_names, gradients, strict=True)))
        for weight in step["weights"]:
            found = in_their_layout[weight["name"]]
            found = found if weight["rows"] is None else found[weight["rows"]]
            theirs = np.array(weight["gradient"])
            np.testing.assert_allclose(found, theirs, atol=1e-5 * max(1.0, np.abs(theirs).max()))

    @pytest.mark.parametrize("name", sorted(STEPS))
    def test_one_step_of_adam_gives_the_same_weights(self, name, request):
        encoder, step = load(name, dropout=0), STEPS[name]
        if name != "bert":
            request.getfixturevalue("eagerly")
        if step["loss_name"] == "mse":
            history = fit(Siamese(encoder, head="cosine"), _pairs(), loss="mse", optimizer=_adam(), **ONE_STEP)
        else:
            loss = get_loss("ranking", scale=step["scale"])
            history = fit(Siamese(encoder), _triplets(), loss=loss, optimizer=_adam(), query_prompt="", **ONE_STEP)
        assert history.history["loss"][0] == pytest.approx(step["loss"], abs=1e-5)
        before = load_file(CHECKPOINTS / name / "model.safetensors")
        after = encoder.weight_map.write(encoder.network.transformer.merged_arrays())
        assert after.keys() <= before.keys()
        for weight in [*step["weights"], step["unchanged"]]:
            rows = slice(None) if weight["rows"] is None else weight["rows"]
            np.testing.assert_allclose(after[weight["name"]][rows], weight["updated"], rtol=0, atol=1e-4)
        moved = np.abs(after[step["weights"][0]["name"]] - before[step["weights"][0]["name"]])
        assert moved.max() > 5e-4, "Adam's first step is as long as the learning rate"
        rows = step["unchanged"]["rows"]
        table = step["unchanged"]["name"]
        np.testing.assert_array_equal(after[table][rows], before[table][rows])


@pytest.mark.usefixtures("eagerly")
class TestWhatIsTrained:
    def test_every_weight_has_a_part_in_it(self):
        encoder = load("distilbert")
        before = _values(encoder)
        fit(Siamese(encoder), _pairs(), learning_rate=1e-3, epochs=1, batch_size=3)
        assert _changed(encoder, before) == set(before)

    def test_only_adapters_change_and_the_checkpoint_stays(self):
        encoder = load("bert", lora=2)
        before = _values(encoder)
        fit(Siamese(encoder), _pairs(), learning_rate=1e-2, epochs=2, batch_size=3)
        changed = _changed(encoder, before)
        assert {name.rpartition("/")[2] for name in changed} == {"lora_down", "lora_up"}
        assert len(changed) == 8

    def test_bfloat16_products_train_float32_weights(self):
        encoder = load("bert", mixed_precision=True, dropout=0)
        before = _values(encoder)
        history = fit(Siamese(encoder), _pairs(), learning_rate=2e-3, epochs=4, batch_size=6, warmup=0)
        assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]
        after = _values(encoder)
        assert {value.dtype for value in after.values()} == {np.dtype(np.float32)}
        assert _changed(encoder, before)

    def test_dropout_follows_from_the_seed_of_the_run(self):
        weights = []
        for seed in (1, 1, 2):
            encoder = load("mistral", dropout=0.2)
            # One batch, so that the order of the rows takes no part in it.
            fit(Siamese(encoder), _pairs(), learning_rate=1e-3, seed=seed, **ONE_STEP)
            weights.append(encoder.network.weights["layers/0/attention/output/kernel"].numpy())
        np.testing.assert_allclose(weights[0], weights[1], atol=1e-6)
        assert np.abs(weights[0] - weights[2]).max() > 1e-4

    def test_the_learning_rate_is_one_for_transformers_where_none_is_named(self):
        assert shared("bert").suggested_learning_rate == 2e-5


class TestLayers:
    @pytest.mark.parametrize(("name", "top"), [("bert", 3), ("modernbert", 5), ("distilbert", 3), ("mpnet", 3)])
    def test_layers_are_counted_from_the_embeddings(self, name, top):
        numbers = shared(name).layer_numbers
        assert list(numbers) == shared(name).variable_names
        assert numbers["embeddings/word"] == 0
        assert numbers["layers/0/attention/projection/kernel"] == 1
        assert numbers["layers/1/feed_forward/outer/kernel"] == 2
        above = {number for variable, number in numbers.items() if variable.startswith(("final_norm", "dense/"))}
        assert above <= {top}
        assert max(numbers.values()) == (top if above else top - 1)

    def test_relative_positions_belong_to_the_embeddings(self):
        assert shared("mpnet").layer_numbers["relative_bias/table"] == 0

    def test_adapters_belong_to_their_layer(self):
        assert load("bert", lora=2).layer_numbers["layers/1/attention/output/lora_up"] == 2
