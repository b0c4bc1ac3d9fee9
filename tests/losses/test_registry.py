import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.losses import (
    LOSS_ALIASES,
    LOSS_NAMES,
    ContrastiveLoss,
    Loss,
    MatryoshkaLoss,
    MeanSquaredErrorLoss,
    get_loss,
)

EMBEDDINGS = ([[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [1.0, 1.0]])


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_name_gives_the_loss_of_that_name(name):
    loss = get_loss(name)
    assert isinstance(loss, Loss)
    assert loss.name == name


def test_the_names_of_the_contract_are_known():
    assert LOSS_NAMES == (
        "mse",
        "cosine-similarity",
        "contrastive",
        "online-contrastive",
        "cosent",
        "angle",
        "ranking",
        "gist",
        "triplet",
        "batch-hard",
        "batch-hard-soft-margin",
        "batch-semi-hard",
        "batch-all",
        "margin-mse",
        "kl-divergence",
        "embedding-mse",
    )


def test_the_head_goes_to_the_losses_on_the_score_and_to_no_other():
    assert get_loss("mse", head="dot").get_config() == {"head": "dot"}
    assert get_loss(keras.losses.Huber(), head="cosine").get_config()["head"] == "cosine"
    # The cosine loss is that of the cosine whatever the model's head is: label 0 against cosines 0 and √½.
    value = get_loss("cosine-similarity", head="dot")([0.0, 0.0], EMBEDDINGS)
    np.testing.assert_allclose(value, 0.25, rtol=1e-6)


@pytest.mark.parametrize("name", ["contrastive", "online-contrastive", "triplet", "batch-hard", "gist"])
def test_the_margin_goes_to_the_losses_that_have_one(name):
    assert get_loss(name, margin=0.9).get_config()["margin"] == 0.9
    assert get_loss(name, "angular", 0.9).get_config()["margin"] == 0.9


def test_a_setting_of_none_is_left_at_its_default():
    assert get_loss("contrastive", "angular", None).get_config()["margin"] == 0.5
    assert get_loss("mse", "angular", None).get_config() == {"head": "angular"}
    assert get_loss("ranking", scale=None, symmetric=True).get_config()["scale"] == 20.0


@pytest.mark.parametrize("margin", [0, 0.0, -1])
def test_a_margin_of_zero_is_a_margin_and_refused_as_one(margin):
    with pytest.raises(SettingsError, match="Expected a positive margin"):
        get_loss("contrastive", margin=margin)


def test_settings_go_to_the_named_loss():
    loss = get_loss("ranking", scale=30.0, similarity="dot", symmetric=True)
    assert loss.get_config() == {"scale": 30.0, "similarity": "dot", "symmetric": True}


@pytest.mark.parametrize("alias", ["infonce", "mnrl"])
def test_other_names_give_the_same_loss(alias):
    assert repr(get_loss(alias, scale=5.0)) == repr(get_loss("ranking", scale=5.0))


def test_an_alias_is_no_name_of_its_own():
    assert set(LOSS_ALIASES).isdisjoint(LOSS_NAMES)
    assert set(LOSS_ALIASES.values()) <= set(LOSS_NAMES)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "ranking",
            {"scael": 2},
            r"'ranking' has no setting 'scael'\. Did you mean 'scale'\? Expected one of scale, sim",
        ),
        (
            "infonce",
            {"temperature": 2},
            r"'ranking' has no setting 'temperature'\. Expected one of scale, similarity, sym",
        ),
        ("mse", {"margin": 0.5}, r"'mse' has no setting 'margin'\. It has nothing to set\."),
        (
            "cosine-similarity",
            {"margin": 0.5},
            r"'cosine-similarity' has no setting 'margin'\. It has nothing to set\.",
        ),
        ("batch-hard-soft-margin", {"margin": 0.5}, r"has no setting 'margin'\. Expected one of distance\."),
    ],
)
def test_a_setting_that_the_loss_does_not_have_is_answered_with_those_it_has(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        get_loss(name, **settings)


@pytest.mark.parametrize("loss", [ContrastiveLoss(), keras.losses.Huber()])
def test_settings_for_a_loss_that_is_built_already_are_refused(loss):
    with pytest.raises(SettingsError, match="The settings margin, scale are for losses by name"):
        get_loss(loss, margin=0.5, scale=2.0)


class TestMatryoshka:
    def test_dims_wrap_the_loss(self):
        loss = get_loss("ranking", matryoshka_dims=[4, 2], matryoshka_weights=[1.0, 0.5], scale=5.0)
        assert isinstance(loss, MatryoshkaLoss)
        assert loss.get_config() == {
            "loss": {"name": "ranking", "config": get_loss("ranking", scale=5.0).get_config()},
            "dims": [4, 2],
            "weights": [1.0, 0.5],
        }

    def test_its_settings_build_the_same_loss_again(self):
        config = get_loss("triplet", matryoshka_dims=[4, 2], margin=0.3).get_config()
        again = get_loss(
            config["loss"]["name"],
            **config["loss"]["config"],
            matryoshka_dims=config["dims"],
            matryoshka_weights=config["weights"],
        )
        assert again.get_config() == config

    def test_a_built_loss_and_a_function_can_be_wrapped(self):
        loss = ContrastiveLoss()
        assert get_loss(loss, matryoshka_dims=[2]).loss is loss
        assert get_loss(keras.losses.Huber(), "dot", matryoshka_dims=[2]).loss.get_config()["head"] == "dot"

    def test_weights_without_dims_are_refused(self):
        with pytest.raises(SettingsError, match="Expected matryoshka dims with the matryoshka weights"):
            get_loss("ranking", matryoshka_weights=[1.0])


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


@pytest.mark.parametrize("loss", ["", "tversky", 3, None, [3]])
def test_what_is_no_loss_is_answered_with_the_known_names(loss):
    message = rf"Unknown loss {re.escape(repr(loss))}\. Expected one of mse, cosine-similarity, contr"
    with pytest.raises(SettingsError, match=message):
        get_loss(loss)


@pytest.mark.parametrize(("loss", "meant"), [("rankin", "ranking"), ("info-nce", "infonce"), ("Triplet", "triplet")])
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(loss, meant):
    with pytest.raises(SettingsError, match=rf"Unknown loss '{loss}'\. Did you mean '{meant}'\?"):
        get_loss(loss)
