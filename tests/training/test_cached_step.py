import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.saved_models import WordNetwork, write_dropout, write_reusable
from tests.training.examples import classes, triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.losses import get_loss
from tfsiamese.siamese import Siamese
from tfsiamese.training import Retention, fit

FAST = {"epochs": 2, "learning_rate": 0.01, "batch_size": 32, "warmup": 0}
GENERAL = [f"{one} {other}" for one in ("red", "road", "stone") for other in ("river", "bread", "code")]


def trained(folder, data, loss, mini_batch_size, **options):
    encoder = load_encoder(folder)
    history = fit(Siamese(encoder, "cosine"), data, loss=loss, mini_batch_size=mini_batch_size, **FAST, **options)
    return history.history["loss"], [variable.numpy() for variable in encoder.variables]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_weights_are_those_of_the_plain_step(tiny_folder, size):
    data = triplets(40)
    plain, cached = (trained(tiny_folder, data, "ranking", one) for one in (None, size))
    np.testing.assert_allclose(cached[0], plain[0], rtol=1e-5)
    for one, other in zip(cached[1], plain[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_it_works_round_any_loss(tiny_folder, tiny_pairs):
    for data, loss in (
        (tiny_pairs, get_loss("cosent")),
        (classes(), get_loss("batch-all")),
        (triplets(), get_loss("ranking", matryoshka_dims=[8, 4])),
    ):
        plain, cached = (trained(tiny_folder, data, loss, one) for one in (None, 7))
        np.testing.assert_allclose(cached[0], plain[0], rtol=1e-5)
        for one, other in zip(cached[1], plain[1], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_it_goes_with_retention(tiny_folder):
    plain, cached = (
        trained(tiny_folder, triplets(), "ranking", size, retention=Retention(GENERAL, 10.0, 4)) for size in (None, 6)
    )
    np.testing.assert_allclose(cached[0], plain[0], rtol=1e-5)
    for one, other in zip(cached[1], plain[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_frozen_variables_stay(tiny_folder):
    encoder = load_encoder(tiny_folder, freeze="embedding_table")
    before = encoder.variables[0].numpy()
    table = next(variable for name, variable in encoder.named_variables if name == "embedding_table")
    frozen = table.numpy()
    fit(Siamese(encoder), triplets(), loss="ranking", mini_batch_size=5, **FAST)
    np.testing.assert_array_equal(table.numpy(), frozen)
    assert before.shape


def test_an_encoder_that_draws_random_numbers_is_refused(tmp_path):
    encoder = load_encoder(write_dropout(tmp_path / "dropout"))
    with pytest.raises(SettingsError, match="computes every vector twice"):
        fit(Siamese(encoder), triplets(), loss="ranking", mini_batch_size=5, **FAST)


def test_an_encoder_that_draws_random_numbers_trains_on_whole_batches_with_a_teacher(tmp_path, tiny_encoder):
    encoder = load_encoder(write_dropout(tmp_path / "dropout"))
    history = fit(Siamese(encoder), triplets(), loss="gist", teacher=tiny_encoder, **FAST)
    assert np.isfinite(history.history["loss"]).all()


def test_the_encoders_regularization_counts_once(tmp_path):
    network = WordNetwork()
    call = tf.function(network.encode, input_signature=[tf.TensorSpec([None], tf.string)])
    penalty = tf.function(lambda: 0.25 * tf.reduce_sum(network.kernel**2), input_signature=[])
    folder = write_reusable(tmp_path / "regularized", network, call, [penalty])
    plain, cached = (trained(folder, triplets(), "ranking", size) for size in (None, 5))
    assert plain[0][0] > float(penalty())
    np.testing.assert_allclose(cached[0], plain[0], rtol=1e-5)
    for one, other in zip(cached[1], plain[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
