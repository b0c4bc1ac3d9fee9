import keras
import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.losses import LOSS_NAMES, ContrastiveLoss, Loss, MeanSquaredErrorLoss, get_loss

EMBEDDINGS = ([[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [1.0, 1.0]])


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_name_gives_the_loss_of_that_name(name):
    loss = get_loss(name)
    assert isinstance(loss, Loss)
    assert loss.name == name


def test_the_names_of_the_contract_are_known():
    assert {"mse", "cosine-similarity", "contrastive", "online-contrastive"} <= set(LOSS_NAMES)


def test_the_head_goes_to_the_losses_on_the_score_and_to_no_other():
    assert get_loss("mse", head="dot").get_config() == {"head": "dot"}
    assert get_loss(keras.losses.Huber(), head="cosine").get_config()["head"] == "cosine"
    # The cosine loss is that of the cosine whatever the model's head is: label 0 against cosines 0 and √½.
    value = get_loss("cosine-similarity", head="dot")([0.0, 0.0], EMBEDDINGS)
    np.testing.assert_allclose(value, 0.25, rtol=1e-6)


@pytest.mark.parametrize("name", ["contrastive", "online-contrastive"])
def test_the_margin_goes_to_the_contrastive_losses(name):
    assert get_loss(name, margin=0.9).get_config()["margin"] == 0.9
    assert get_loss(name).get_config()["margin"] == 0.5


@pytest.mark.parametrize("margin", [0, 0.0, -1])
def test_a_margin_of_zero_is_a_margin_and_refused_as_one(margin):
    with pytest.raises(SettingsError, match="Expected a positive margin"):
        get_loss("contrastive", margin=margin)


@pytest.mark.parametrize("loss", ["mse", "cosine-similarity", keras.losses.Huber()])
def test_a_margin_for_a_loss_that_has_none_is_reported(loss):
    with pytest.raises(SettingsError, match=r"has no margin\. Only contrastive and online-contrastive have one"):
        get_loss(loss, margin=0.5)


def test_a_loss_is_passed_through():
    loss = ContrastiveLoss(margin=0.25)
    assert get_loss(loss) is loss


def test_a_function_on_the_score_is_taken():
    loss = get_loss(lambda y_true, y_pred: (y_true - y_pred) ** 4, head="dot")
    np.testing.assert_allclose(loss([1.0, 0.0], EMBEDDINGS), 1.0, rtol=1e-6)


def test_a_keras_loss_equals_the_loss_of_its_name():
    labels = tf.constant([1.0, 0.2])
    keras_loss = get_loss(keras.losses.MeanSquaredError(), head="angular")
    np.testing.assert_allclose(
        keras_loss(labels, EMBEDDINGS), MeanSquaredErrorLoss("angular")(labels, EMBEDDINGS), rtol=1e-6
    )


@pytest.mark.parametrize("loss", ["cosine", "", 3, None])
def test_what_is_no_loss_is_answered_with_the_known_names(loss):
    with pytest.raises(SettingsError, match=rf"Unknown loss {loss!r}\. Expected one of mse, cosine-similarity, contr"):
        get_loss(loss)
