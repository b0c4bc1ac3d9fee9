import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import CHECKPOINTS, expected, expected_vectors, load, shared
from tfsiamese.encoders import CheckpointOptions, LoraSettings, load_encoder
from tfsiamese.errors import SettingsError

TEXTS = tf.constant(["The nurse reads.", "the fox jumps over the dog " * 5])


class TestRefusals:
    @pytest.mark.parametrize("length", [0, -3, True, "48", 8.0])
    def test_a_max_length_that_is_no_positive_whole_number(self, length):
        with pytest.raises(SettingsError, match=r"Expected max_length to be a positive whole number\. Received: "):
            CheckpointOptions(max_length=length)

    @pytest.mark.parametrize("rate", [1, -0.1, 1.5, "0.1", float("nan")])
    def test_a_dropout_that_is_no_rate(self, rate):
        with pytest.raises(SettingsError, match="Expected a dropout from 0 to 0.99"):
            CheckpointOptions(dropout=rate)

    @pytest.mark.parametrize("value", [1, "yes", None])
    def test_a_mixed_precision_that_is_not_true_or_false(self, value):
        with pytest.raises(SettingsError, match="Expected mixed_precision to be True or False"):
            CheckpointOptions(mixed_precision=value)

    @pytest.mark.parametrize("lora", [0, "8", True, 2.5])
    def test_a_rank_that_is_no_positive_whole_number(self, lora):
        with pytest.raises(SettingsError, match="positive whole number as rank of LoRA"):
            load("bert", lora=lora)

    def test_a_max_length_beyond_the_positions(self):
        with pytest.raises(SettingsError, match=r"bert has 48 positions\. Expected max_length up to that\. Received:"):
            load("bert", max_length=49)

    def test_a_max_length_beyond_the_positions_that_begin_later(self):
        assert load("xlm_roberta", max_length=48).max_length == 48
        with pytest.raises(SettingsError, match="xlm_roberta has 48 positions"):
            load("xlm_roberta", max_length=49)

    @pytest.mark.parametrize("length", [1, 2])
    def test_a_max_length_without_room_for_a_word_beside_special_tokens(self, length):
        with pytest.raises(SettingsError, match=rf"above 2, the number of special .* max_length={length}"):
            load("bert", max_length=length)

    @pytest.mark.parametrize(("option", "meant"), [("max_lenght", "max_length"), ("lora_rank", "lora")])
    def test_an_unknown_option_is_answered_with_the_nearest(self, option, meant):
        message = rf"bert is a checkpoint, which has no option '{option}'\. Did you mean '{meant}'\? Expected one of"
        with pytest.raises(SettingsError, match=message):
            load_encoder(CHECKPOINTS / "bert", **{option: 3})

    def test_options_of_saved_models_are_not_for_checkpoints(self):
        with pytest.raises(SettingsError, match="is a checkpoint, which has no option 'signature'"):
            load("bert", signature="serving_default")

    def test_options_of_checkpoints_are_not_for_saved_models(self, tiny_folder):
        with pytest.raises(SettingsError, match=r"is a SavedModel, which has no option 'max_length'\. Expected one of"):
            load_encoder(tiny_folder, max_length=32)


class TestMaxLength:
    def test_texts_are_cut_there(self):
        encoder = load("bert", max_length=6)
        ids, lengths = encoder.network.tokenizer.tokenize(TEXTS)
        assert encoder.max_length == 6
        assert ids.row_lengths().numpy().tolist() == [min(length, 6) for length in lengths.numpy()]
        whole = shared("bert").network.tokenizer.tokenize(TEXTS).ids.to_list()
        assert ids.to_list() == [row if len(row) <= 6 else row[:5] + row[-1:] for row in whole]

    def test_decoders_have_no_last_position(self):
        encoder = load("qwen3", max_length=700)
        long = [text for text in expected("qwen3")["texts"] if len(text) > 400]
        assert np.isfinite(encoder(tf.constant(long))).all()

    def test_none_is_the_limit_of_the_checkpoint(self):
        assert load("bert", max_length=None).max_length == 48


class TestDropout:
    def test_the_rates_are_those_of_the_checkpoint(self):
        rates = shared("bert").network.transformer.configuration.dropout_rates
        assert rates == {
            "embedding_dropout": 0.1,
            "attention_dropout": 0.1,
            "attention_output_dropout": 0.1,
            "intermediate_dropout": 0.0,
            "feed_forward_dropout": 0.1,
        }
        assert not shared("bert").is_deterministic

    def test_one_rate_goes_where_the_family_drops_anything(self):
        rates = load("bert", dropout=0.25).network.transformer.configuration.dropout_rates
        assert {name for name, rate in rates.items() if rate == 0.25} == {
            "embedding_dropout",
            "attention_dropout",
            "attention_output_dropout",
            "feed_forward_dropout",
        }

    def test_families_without_dropout_get_that_of_bert(self):
        assert shared("mistral").is_deterministic
        rates = load("mistral", dropout=0.25).network.transformer.configuration.dropout_rates
        assert sorted(rates.values()) == [0.0, 0.0, 0.25, 0.25, 0.25]

    def test_none_is_dropped_in_inference(self):
        np.testing.assert_allclose(load("bert", dropout=0.5)(TEXTS), shared("bert")(TEXTS), atol=1e-6)

    def test_training_drops_what_the_seed_says(self):
        encoder = load("bert", dropout=0.3)
        vectors = {}
        for seed in ([1, 2], [1, 3], [1, 2]):
            encoder.seed_dropout(seed)
            found = encoder(TEXTS, training=True).numpy()
            np.testing.assert_allclose(vectors.setdefault(tuple(seed), found), found, atol=1e-6)
        assert np.abs(vectors[1, 2] - vectors[1, 3]).max() > 1e-2
        assert np.abs(vectors[1, 2] - shared("bert")(TEXTS)).max() > 1e-2

    def test_seeds_of_32_bits_are_taken(self):
        encoder = load("bert", dropout=0.3)
        encoder.seed_dropout([2**32 - 1, 2**31])
        assert np.isfinite(encoder(TEXTS, training=True)).all()

    def test_without_dropout_training_gives_the_vectors_of_inference(self):
        encoder = load("bert", dropout=0)
        assert encoder.is_deterministic
        np.testing.assert_allclose(encoder(TEXTS, training=True), encoder(TEXTS), atol=1e-6)


class TestMixedPrecision:
    @pytest.mark.parametrize("name", ["bert", "distilbert", "mpnet", "modernbert", "qwen3"])
    def test_vectors_are_near_those_of_float32(self, name):
        encoder = load(name, mixed_precision=True)
        texts = tf.constant(expected(name)["texts"])
        vectors, exact = encoder(texts).numpy(), expected_vectors(name)
        assert vectors.dtype == np.float32
        units, exact_units = (array / np.linalg.norm(array, axis=1, keepdims=True) for array in (vectors, exact))
        assert np.sum(units * exact_units, axis=1).min() > 0.999
        assert 0 < np.abs(units - exact_units).max() < 2e-2

    def test_variables_stay_float32(self):
        assert {variable.dtype for variable in load("bert", mixed_precision=True).variables} == {"float32"}


class TestLora:
    def test_nothing_changes_before_training(self):
        np.testing.assert_allclose(load("bert", lora=4)(TEXTS), shared("bert")(TEXTS), atol=1e-6)

    def test_only_the_factors_are_trained(self):
        encoder = load("bert", lora=2)
        trainable = [name for name, variable in encoder.named_variables if variable.trainable]
        assert trainable == [
            f"layers/{layer}/attention/{dense}/lora_{factor}"
            for layer in range(2)
            for dense in ("projection", "output")
            for factor in ("down", "up")
        ]
        assert len(encoder.trainable_variables) == 8

    def test_settings_choose_targets_and_rank(self):
        encoder = load("qwen3", lora=LoraSettings(rank=3, targets=("feed_forward/inner",)))
        shapes = {name: tuple(variable.shape) for name, variable in encoder.named_variables if variable.trainable}
        assert {name.split("/", 2)[2] for name in shapes} == {
            "feed_forward/inner/lora_down",
            "feed_forward/inner/lora_up",
        }
        assert {min(shape) for shape in shapes.values()} == {3}

    def test_targets_that_match_nothing_are_refused(self):
        with pytest.raises(SettingsError, match=r"The target 'attention/query' of LoRA matches no dense layer"):
            load("bert", lora=LoraSettings(targets=("attention/query",)))

    def test_merging_adds_the_product_into_the_kernel(self):
        encoder = load("bert", lora=LoraSettings(rank=2, alpha=3.0))
        random = np.random.default_rng(0)
        for variable in encoder.trainable_variables:
            variable.assign(random.normal(size=variable.shape) * 0.2)
        variables = {name: variable.numpy() for name, variable in encoder.named_variables}
        name = "layers/1/attention/output"
        merged = encoder.merged_network()
        np.testing.assert_allclose(
            merged.weights[f"{name}/kernel"],
            variables[f"{name}/kernel"] + 1.5 * variables[f"{name}/lora_down"] @ variables[f"{name}/lora_up"],
            atol=1e-6,
        )
        assert list(merged.weights) == [key for key in variables if "lora" not in key]
        np.testing.assert_allclose(merged(TEXTS).vectors, encoder(TEXTS), atol=1e-5)
        assert np.abs(encoder(TEXTS) - shared("bert")(TEXTS)).max() > 1e-2


class TestDescription:
    def test_options_that_decide_what_is_computed_are_described(self):
        described = load("bert", max_length=12, mixed_precision=True, dropout=0.2, lora=3).describe()
        assert described["max_length"] == 12
        assert described["mixed_precision"] is True
        assert described["dropout"]["attention_dropout"] == 0.2
        assert (described["lora"]["rank"], described["lora"]["targets"]) == (3, ["attention/*"])

    def test_the_fingerprint_tells_options_apart_and_nothing_else(self):
        fingerprints = [
            load("bert", **options).fingerprint
            for options in ({}, {"max_length": 48}, {"max_length": 40}, {"lora": 2}, {"mixed_precision": True})
        ]
        assert fingerprints[0] == fingerprints[1] == shared("bert").fingerprint
        assert len(set(fingerprints)) == 4
