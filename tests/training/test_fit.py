import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.errors import DataError, SettingsError, TrainingError
from tfsiamese.losses import ContrastiveLoss, Loss
from tfsiamese.siamese import Siamese
from tfsiamese.training import RowSparseAdam, fit

FAST = {"epochs": 3, "learning_rate": 0.02}


class MeanSimilarity:
    """An evaluator that needs no labels: the mean cosine of a few texts."""

    primary_metric = "similarity"
    greater_is_better = False

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        vectors = encoder.encode(["red apple", "blue pear", "code data"], normalize=True)
        return {"similarity": float((vectors @ vectors.T).mean())}


class PoisonedLoss(Loss):
    """Becomes NaN on a batch that holds a label above the threshold."""

    name = "poisoned"

    def call(self, labels, embeddings):
        left, right = embeddings
        loss = tf.reduce_mean(tf.square(left - right))
        return loss + tf.where(tf.reduce_any(labels > 0.4), np.nan, 0.0)


def weights(model: Siamese) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.encoder.variables]


def test_training_lowers_the_loss_and_changes_the_encoder_in_place(tiny_encoder, tiny_pairs):
    before = tiny_encoder.encode(["red apple"])
    history = fit(Siamese(tiny_encoder), tiny_pairs, **FAST)
    losses = history.history["loss"]
    assert losses[2] < losses[1] < losses[0]
    assert not np.allclose(before, tiny_encoder.encode(["red apple"]))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tiny_folder, tiny_pairs):
    models = []
    for seed in (1, 1, 2):
        models.append(Siamese(load_encoder(tiny_folder)))
        fit(models[-1], tiny_pairs, seed=seed, **FAST)
    first, again, other = map(weights, models)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_losses_are_those_of_keras_own_adam_on_dense_gradients(tiny_folder, tiny_pairs):
    """One batch an epoch, so that a row that is used at all is used at every step, and lazy Adam is Adam."""
    settings = {"learning_rate": 0.01, "beta_2": 0.9999, "clipnorm": 1.0}
    ours = fit(
        Siamese(load_encoder(tiny_folder)), tiny_pairs, optimizer=RowSparseAdam(**settings), epochs=6, batch_size=64
    )
    model, optimizer = Siamese(load_encoder(tiny_folder)), keras.optimizers.Adam(**settings)
    inputs = [tf.constant(tiny_pairs.left), tf.constant(tiny_pairs.right)]
    theirs = []
    for _ in range(6):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True) - tiny_pairs.scores))
        gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], model.trainable_variables)
        theirs.append(float(loss))
    np.testing.assert_allclose(ours.history["loss"], theirs, rtol=2e-5)


def test_the_metrics_before_and_after_have_the_same_keys_and_the_best_epoch_is_restored(tiny_encoder, tiny_pairs):
    training, validation = tiny_pairs.split(0.25)
    history = fit(
        Siamese(tiny_encoder), training, validation=validation, evaluator=MeanSimilarity(), epochs=8, learning_rate=0.3
    )
    assert history.before.keys() == history.after.keys() == {"val_loss", "similarity"}
    values = history.history["similarity"]
    assert history.best_epoch == int(np.argmin(values)) + 1
    assert history.after["similarity"] == pytest.approx(min(values), abs=1e-6)
    assert MeanSimilarity()(tiny_encoder)["similarity"] == pytest.approx(min(values), abs=1e-6)


def test_rows_that_were_first_touched_after_the_best_epoch_get_their_initial_values_back(tiny_folder, tiny_pairs):
    """A monitored metric that only worsens makes the first epoch the best; the second touches every row."""

    class Worsening:
        primary_metric, greater_is_better = "calls", False

        def __init__(self):
            self.calls = 0

        def __call__(self, encoder):
            self.calls += 1
            return {"calls": float(self.calls)}

    short, long = (Siamese(load_encoder(tiny_folder)) for _ in range(2))
    fit(short, tiny_pairs, evaluator=Worsening(), epochs=1, learning_rate=0.05)
    history = fit(long, tiny_pairs, evaluator=Worsening(), epochs=3, learning_rate=0.05)
    assert history.best_epoch == 1
    for one, two in zip(weights(short), weights(long), strict=True):
        np.testing.assert_array_equal(one, two)


def test_without_restore_best_the_last_weights_stay(tiny_folder, tiny_pairs):
    plain, monitored = (Siamese(load_encoder(tiny_folder)) for _ in range(2))
    fit(plain, tiny_pairs, **FAST)
    fit(monitored, tiny_pairs, evaluator=MeanSimilarity(), restore_best=False, **FAST)
    for one, two in zip(weights(plain), weights(monitored), strict=True):
        np.testing.assert_array_equal(one, two)


def test_patience_stops_when_the_metric_no_longer_improves(tiny_encoder, tiny_pairs):
    class Constant:
        primary_metric, greater_is_better = "value", True

        def __call__(self, encoder):
            return {"value": 1.0}

    history = fit(Siamese(tiny_encoder), tiny_pairs, evaluator=Constant(), patience=2, epochs=20)
    assert len(history.epoch) == 3
    assert history.best_epoch == 1


def test_any_keras_callback_is_called_and_can_stop_the_run(tiny_encoder, tiny_pairs, tmp_path):
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append("begin")

        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

        def on_epoch_end(self, epoch, logs=None):
            seen.append(f"epoch {epoch}")

        def on_train_end(self, logs=None):
            seen.append("end")

    path = tmp_path / "{epoch}.weights.h5"
    callbacks = [
        Recorder(),
        keras.callbacks.ModelCheckpoint(path, save_weights_only=True),
        keras.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=100.0),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=100.0, factor=0.5),
    ]
    history = fit(Siamese(tiny_encoder), tiny_pairs, callbacks=callbacks, epochs=9, batch_size=20, learning_rate=0.01)
    assert seen == ["begin", 0, 1, "epoch 0", 0, 1, "epoch 1", "end"]
    assert len(history.epoch) == 2
    assert (tmp_path / "2.weights.h5").is_file()
    assert float(callbacks[0].model.optimizer.learning_rate) == pytest.approx(0.005)


def test_frozen_variables_keep_their_values(tiny_folder, tiny_pairs):
    encoder = load_encoder(tiny_folder, freeze="embedding_table")
    before = {name: value.numpy() for name, value in zip(encoder.variable_names, encoder.variables, strict=True)}
    fit(Siamese(encoder), tiny_pairs, **FAST)
    after = {name: value.numpy() for name, value in zip(encoder.variable_names, encoder.variables, strict=True)}
    assert np.array_equal(before["embedding_table"], after["embedding_table"])
    assert not np.array_equal(before["dense/kernel"], after["dense/kernel"])


def test_a_loss_that_is_not_finite_stops_the_run_names_the_batch_and_keeps_the_last_good_state(
    tiny_folder, tiny_pairs, tmp_path
):
    model = Siamese(load_encoder(tiny_folder))
    with pytest.raises(TrainingError) as caught:
        fit(model, tiny_pairs, loss=PoisonedLoss(), out=tmp_path / "run", batch_size=1, learning_rate=0.01)
    message = str(caught.value)
    assert "The loss is nan at epoch 1, batch " in message
    line = int(message.split("line ")[1].split(".")[0])
    assert tiny_pairs.frame.set_index("line").loc[line, "score"] > 0.4
    assert "keeps the last good state" in message
    assert all(np.isfinite(array).all() for array in weights(model))
    # The state on disk is the one in memory: a resumed run stops at the same batch with the same weights.
    again = Siamese(load_encoder(tiny_folder))
    with pytest.raises(TrainingError, match=message.split(" at ")[1].split(",")[0]):
        fit(again, tiny_pairs, loss=PoisonedLoss(), out=tmp_path / "run", resume=True, batch_size=1, learning_rate=0.01)
    for one, two in zip(weights(model), weights(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_gradient_that_is_not_finite_stops_the_run_too(tiny_encoder, tiny_pairs):
    def infinite_slope(labels, scores):
        return tf.sqrt(tf.reduce_sum(scores * 0.0)) + 1.0

    with pytest.raises(TrainingError, match="A gradient is not finite at epoch 1, batch 1"):
        fit(Siamese(tiny_encoder), tiny_pairs, loss=infinite_slope)


def test_a_run_folder_holds_everything(tiny_encoder, tiny_pairs, tmp_path):
    training, validation = tiny_pairs.split(0.25)
    run = tmp_path / "run"
    history = fit(Siamese(tiny_encoder), training, validation=validation, out=run, **FAST)
    config = json.loads((run / "config.json").read_text())
    assert config["settings"]["seed"] == 0
    assert config["data"]["training"]["fingerprint"] == training.fingerprint
    assert config["versions"]["tensorflow"] == tf.__version__
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["before"].keys() == metrics["after"].keys() == {"val_loss"}
    rows = (run / "history.csv").read_text().splitlines()
    assert rows[0].startswith("epoch,loss,learning_rate,val_loss")
    assert len(rows) == 4
    assert list((run / "logs").glob("events.out.tfevents.*"))
    assert not [path for path in run.rglob("*") if ".partial-" in path.name]
    tuned = load_encoder(run)
    np.testing.assert_allclose(tuned.encode(["red apple"]), tiny_encoder.encode(["red apple"]), atol=1e-6)
    assert history.after["val_loss"] < history.before["val_loss"]


def test_a_folder_that_holds_something_is_left_alone(tiny_encoder, tiny_pairs, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(SettingsError, match="is not empty. Continue the run in it with --resume"):
        fit(Siamese(tiny_encoder), tiny_pairs, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_labels_that_a_loss_cannot_use_are_refused_before_training(tiny_encoder, tiny_pairs):
    with pytest.raises(DataError, match="contrastive loss needs labels 0"):
        fit(Siamese(tiny_encoder), tiny_pairs, loss=ContrastiveLoss())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "Expected epochs to be a positive integer. Received: epochs=0."),
        ({"batch_size": -1}, "batch_size=-1"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"warmup": 1.5}, "a fraction below 1 or a number of steps"),
        ({"decay": "cosin"}, "decay='cosin'"),
        ({"learningrate": 1}, "Unknown setting 'learningrate'. Did you mean 'learning_rate'?"),
        ({"patience": 3}, "patience needs something to monitor"),
        ({"monitor": "val_loss"}, "monitor='val_loss' is not measured"),
        ({"warmup": 1000}, "Expected a warm-up of 0 to 50 steps"),
        ({"loss": "mean"}, "Unknown loss 'mean'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(tiny_encoder, tiny_pairs, settings, message):
    with pytest.raises(SettingsError) as caught:
        fit(Siamese(tiny_encoder), tiny_pairs, **settings)
    assert message in str(caught.value)


def test_an_encoder_without_trainable_variables_says_so(tiny_folder, tiny_pairs):
    encoder = load_encoder(tiny_folder, freeze="*")
    with pytest.raises(TrainingError, match="Every variable of .* is frozen"):
        fit(Siamese(encoder), tiny_pairs)
