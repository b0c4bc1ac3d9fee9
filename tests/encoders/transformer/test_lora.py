import numpy as np
import pytest

from tfsiamese.encoders.transformer.lora import LoraSettings
from tfsiamese.errors import SettingsError

KERNELS = {"attention/projection": (6, 12), "attention/output": (6, 6), "feed_forward/inner": (6, 8)}


def _arrays() -> dict[str, np.ndarray]:
    arrays = {"embeddings/word": np.zeros([9, 6]), "dense/0/linear/kernel": np.zeros([6, 4])}
    for index in range(2):
        for layer, shape in KERNELS.items():
            arrays |= {f"layers/{index}/{layer}/kernel": np.zeros(shape), f"layers/{index}/{layer}/bias": np.zeros(1)}
    return arrays


def test_the_kernels_of_attention_are_adapted_by_default():
    factors = LoraSettings(rank=3).factors(_arrays())
    assert {name: factor.shape for name, factor in factors.items()} == {
        "layers/0/attention/projection/lora_down": (6, 3),
        "layers/0/attention/projection/lora_up": (3, 12),
        "layers/1/attention/projection/lora_down": (6, 3),
        "layers/1/attention/projection/lora_up": (3, 12),
        "layers/0/attention/output/lora_down": (6, 3),
        "layers/0/attention/output/lora_up": (3, 6),
        "layers/1/attention/output/lora_down": (6, 3),
        "layers/1/attention/output/lora_up": (3, 6),
    }


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("attention/output",), {"attention/output"}),
        (["feed_forward/*"], {"feed_forward/inner"}),
        (("*",), set(KERNELS)),
        (("attention/p*", "*/inner"), {"attention/projection", "feed_forward/inner"}),
    ],
)
def test_targets_are_patterns_over_dense_layers(targets, expected):
    factors = LoraSettings(targets=targets).factors(_arrays())
    assert {name.split("/", 2)[2].rpartition("/")[0] for name in factors} == expected


def test_up_begins_with_zeros_and_down_with_small_numbers_that_the_seed_decides():
    factors, again, other = (LoraSettings(seed=seed).factors(_arrays()) for seed in (1, 1, 2))
    for name, values in factors.items():
        if name.endswith("lora_up"):
            assert not values.any()
        else:
            assert 0 < np.abs(values).max() <= 1 / np.sqrt(6)
            np.testing.assert_array_equal(values, again[name])
            assert (values != other[name]).all()


def test_factors_of_different_layers_differ():
    factors = LoraSettings().factors(_arrays())
    one, two = (factors[f"layers/{index}/attention/output/lora_down"] for index in range(2))
    assert (one != two).all()


@pytest.mark.parametrize(("settings", "scale"), [({"rank": 4}, 2.0), ({"rank": 8, "alpha": 4}, 0.5)])
def test_the_scale_is_alpha_by_rank_and_two_by_default(settings, scale):
    assert LoraSettings(**settings).scale == scale


def test_a_target_that_matches_nothing_is_answered_with_the_layers():
    message = (
        r"The target 'attention/query' of LoRA matches no dense layer\. Expected a pattern over: "
        r"attention/projection, attention/output, feed_forward/inner\."
    )
    with pytest.raises(SettingsError, match=message):
        LoraSettings(targets=("attention/output", "attention/query")).factors(_arrays())


@pytest.mark.parametrize("rank", [0, -1, 2.5, True, "8", None])
def test_a_rank_that_is_no_positive_whole_number_is_refused(rank):
    with pytest.raises(SettingsError, match="positive whole number as rank of LoRA"):
        LoraSettings(rank=rank)


@pytest.mark.parametrize("alpha", [0, -1.0, float("nan"), float("inf"), "16"])
def test_an_alpha_that_is_no_positive_number_is_refused(alpha):
    with pytest.raises(SettingsError, match="positive number as alpha of LoRA"):
        LoraSettings(alpha=alpha)


@pytest.mark.parametrize("targets", ["attention/*", (), []])
def test_targets_that_are_no_list_of_patterns_are_refused(targets):
    with pytest.raises(SettingsError, match="list of patterns as targets of LoRA"):
        LoraSettings(targets=targets)


def test_numpy_numbers_are_numbers():
    assert LoraSettings(rank=np.int64(2), alpha=np.float32(3.0)).scale == 1.5
