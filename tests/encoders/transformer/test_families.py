"""What the values of a config.json mean."""

from typing import Any

import pytest

from tfsiamese.encoders.transformer import FAMILIES, TransformerConfiguration, family_of
from tfsiamese.errors import EncoderError


def _configure(model_type: str, **changes: Any) -> TransformerConfiguration:
    family = FAMILIES[model_type]
    return family.configure(family.defaults | {"model_type": model_type} | changes)


def test_an_unknown_model_type_is_answered_with_the_known_ones():
    message = r"^config\.json is of the model_type 't5', which is not supported\. Expected one of bert, distilbert,"
    with pytest.raises(EncoderError, match=message):
        family_of({"model_type": "t5"}, "config.json")


def test_a_configuration_without_model_type_is_refused():
    with pytest.raises(EncoderError, match="model_type None"):
        family_of({}, "config.json")


def test_what_bert_leaves_out_is_that_of_bert_base():
    configuration = _configure("bert")
    assert (configuration.width, configuration.num_heads, configuration.head_size) == (768, 12, 64)
    assert len(configuration.layers) == 12
    assert (configuration.num_positions, configuration.position_offset, configuration.padding_id) == (512, 0, None)
    assert configuration.dropout_rates == {
        "embedding_dropout": 0.1,
        "attention_dropout": 0.1,
        "attention_output_dropout": 0.1,
        "intermediate_dropout": 0.0,
        "feed_forward_dropout": 0.1,
    }


@pytest.mark.parametrize("model_type", ["roberta", "xlm-roberta", "mpnet"])
def test_positions_of_roberta_begin_behind_the_padding_token(model_type):
    configuration = _configure(model_type)
    assert (configuration.position_offset, configuration.padding_id) == (2, 1)


def test_mpnet_has_relative_positions_and_no_token_types():
    configuration = _configure("mpnet")
    assert (configuration.num_relative_buckets, configuration.num_token_types) == (32, 0)


def test_every_third_layer_of_modernbert_sees_all_tokens():
    layers = _configure("modernbert", num_hidden_layers=5).layers
    assert [layer.max_distance for layer in layers] == [None, 64, 64, None, 64]
    assert [layer.rotary_base for layer in layers] == [160_000, 10_000, 10_000, 160_000, 10_000]
    assert [layer.attention_norm for layer in layers] == [False, True, True, True, True]


def test_a_sliding_window_of_mistral_counts_the_token_itself():
    assert {layer.max_distance for layer in _configure("mistral").layers} == {4095}
    assert {layer.max_distance for layer in _configure("mistral", sliding_window=None).layers} == {None}


def test_qwen_slides_in_its_upper_layers_and_only_where_it_says_so():
    sizes = {"num_hidden_layers": 4, "sliding_window": 8, "max_window_layers": 3}
    used = _configure("qwen2", use_sliding_window=True, **sizes)
    assert [layer.max_distance for layer in used.layers] == [None, None, None, 7]
    assert [layer.max_distance for layer in _configure("qwen2", **sizes).layers] == [None] * 4
    kinds = ["sliding_attention", "full_attention"]
    named = _configure("qwen3", use_sliding_window=True, **(sizes | {"num_hidden_layers": 2, "layer_types": kinds}))
    assert [layer.max_distance for layer in named.layers] == [7, None]


def test_heads_of_decoders_share_keys_and_can_have_a_size_of_their_own():
    configuration = _configure("qwen3", hidden_size=1024, num_attention_heads=16, num_key_value_heads=8)
    assert (configuration.num_key_value_heads, configuration.head_size, configuration.query_width) == (8, 128, 2048)
    assert configuration.head_norm
    assert _configure("qwen2").head_size == 128, "4096 / 32"
    assert _configure("qwen2").num_key_value_heads == 32


def test_only_qwen2_has_biases_on_queries_keys_and_values():
    biases = {name: _configure(name).projection_bias for name in ("mistral", "qwen2", "qwen3")}
    assert biases == {"mistral": False, "qwen2": True, "qwen3": False}


def test_decoders_attend_to_earlier_tokens_unless_they_say_otherwise():
    assert _configure("qwen2").causal
    assert not _configure("qwen2", is_causal=False).causal


@pytest.mark.parametrize(
    ("model_type", "changes"),
    [
        ("bert", {"position_embedding_type": "relative_key"}),
        ("bert", {"is_decoder": True}),
        ("roberta", {"add_cross_attention": True}),
        ("mpnet", {"relative_attention_num_buckets": 64}),
        ("modernbert", {"mlp_bias": True}),
        ("modernbert", {"norm_bias": True}),
        ("mistral", {"attention_bias": True}),
        ("qwen3", {"attention_bias": True}),
    ],
)
def test_what_changes_the_computation_in_an_unknown_way_is_refused(model_type, changes):
    ((name, value),) = changes.items()
    with pytest.raises(EncoderError, match=rf"config\.json has {name} = {value!r}, which is not supported for .*Expe"):
        _configure(model_type, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
        {"rope_scaling": {"type": "yarn", "factor": 4.0}},
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}},
    ],
)
def test_scaled_rotary_positions_are_refused(changes):
    with pytest.raises(EncoderError, match="scales rotary positions by 'yarn', which is not supported"):
        _configure("qwen2", **changes)


@pytest.mark.parametrize("scaling", [None, {}, {"rope_type": "default"}])
def test_rotary_positions_that_are_not_scaled_are_taken(scaling):
    assert _configure("qwen2", rope_scaling=scaling, rope_theta=5e5).layers[0].rotary_base == 5e5


def test_rotary_positions_on_parts_of_heads_are_refused():
    with pytest.raises(EncoderError, match="partial_rotary_factor"):
        _configure("mistral", rope_parameters={"rope_theta": 1e4, "partial_rotary_factor": 0.5})


def test_the_newer_place_of_the_rotary_base_wins():
    assert _configure("qwen3", rope_parameters={"rope_theta": 1e6}, rope_theta=1.0).layers[0].rotary_base == 1e6
