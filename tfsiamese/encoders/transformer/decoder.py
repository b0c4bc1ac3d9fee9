"""Decoders that serve as encoders: Mistral, Qwen 2 and 3.

References: Jiang et al., "Mistral 7B", arXiv:2310.06825; Yang et al., "Qwen2", arXiv:2407.10671; "Qwen3",
arXiv:2505.09388.
"""

from typing import Any

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.reading import refuse, rotary_base, size_of_heads
from tfsiamese.encoders.transformer.weight_map import Place, WeightMap, dense_places, norm_places

__all__ = [
    "MISTRAL_DEFAULTS",
    "QWEN2_DEFAULTS",
    "QWEN3_DEFAULTS",
    "configure_mistral",
    "configure_qwen2",
    "configure_qwen3",
    "map_weights",
]

_COMMON: dict[str, Any] = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": None,
    "head_dim": None,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 10_000.0,
    "attention_dropout": 0.0,
    "attention_bias": False,
    "mlp_bias": False,
    "sliding_window": None,
    "is_causal": True,
}
MISTRAL_DEFAULTS = _COMMON | {
    "vocab_size": 32_000,
    "intermediate_size": 14_336,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "sliding_window": 4096,
}
QWEN2_DEFAULTS = _COMMON | {
    "vocab_size": 151_936,
    "intermediate_size": 22_016,
    "max_position_embeddings": 32_768,
    "use_sliding_window": False,
    "sliding_window": 4096,
    "max_window_layers": 28,
}
QWEN3_DEFAULTS = QWEN2_DEFAULTS | {"head_dim": 128}


def configure_mistral(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of Mistral names; every layer has the sliding window."""
    return _configure(config, [config["sliding_window"]] * config["num_hidden_layers"])


def configure_qwen2(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of Qwen 2 names."""
    return _configure(config, _windows(config))


def configure_qwen3(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of Qwen 3 names, which norms each head's queries and keys."""
    return _configure(config, _windows(config), head_norm=True)


def _windows(config: dict[str, Any]) -> list[int | None]:
    """The sliding window of each layer: in Qwen, that of the upper layers, and only if it is used at all."""
    window = config["sliding_window"] if config["use_sliding_window"] else None
    number, first = config["num_hidden_layers"], config["max_window_layers"]
    kinds = config.get("layer_types")
    if kinds is not None and not set(kinds) <= {"full_attention", "sliding_attention"}:
        raise ValueError(f"layer_types {sorted(set(kinds))}")
    slides = [n >= first for n in range(number)] if kinds is None else [kind == "sliding_attention" for kind in kinds]
    if len(slides) != number:
        raise ValueError(f"{len(slides)} layer_types for {number} layers")
    return [window if slide else None for slide in slides]


def _configure(config: dict[str, Any], windows: list[int | None], head_norm: bool = False) -> TransformerConfiguration:
    for name in ("attention_bias", "mlp_bias"):
        refuse(config, name, (False,))
    width, heads = config["hidden_size"], config["num_attention_heads"]
    base = rotary_base(config, config["rope_theta"])
    return TransformerConfiguration(
        vocab_size=config["vocab_size"],
        width=width,
        num_heads=heads,
        num_key_value_heads=config["num_key_value_heads"] or heads,
        head_size=config["head_dim"] or size_of_heads(width, heads),
        intermediate_size=config["intermediate_size"],
        layers=tuple(
            LayerConfiguration(rotary_base=base, max_distance=_distance(window, config["is_causal"]))
            for window in windows
        ),
        activation=config["hidden_act"],
        gated=True,
        norm="rms",
        norm_eps=config["rms_norm_eps"],
        norm_first=True,
        embedding_norm=False,
        final_norm=True,
        head_norm=head_norm,
        projection_bias=config["model_type"] == "qwen2",
        causal=config["is_causal"],
        attention_dropout=config["attention_dropout"],
    )


def _distance(window: int | None, causal: bool) -> int | None:
    """How far a window reaches: one of n tokens before a token holds the token itself, one on both sides does not."""
    return window - 1 if window is not None and causal else window


def map_weights(configuration: TransformerConfiguration) -> WeightMap:
    """Where the weights lie."""
    places = [
        Place("embeddings/word", ("embed_tokens.weight",)),
        *norm_places("final_norm", "norm", bias=False),
    ]
    widths = (configuration.query_width, configuration.key_width, configuration.key_width)
    for index in range(len(configuration.layers)):
        ours, theirs = f"layers/{index}", f"layers.{index}"
        projections = tuple(f"{theirs}.self_attn.{part}_proj" for part in ("q", "k", "v"))
        places += dense_places(f"{ours}/attention/projection", projections, widths, configuration.projection_bias)
        places += dense_places(f"{ours}/attention/output", (f"{theirs}.self_attn.o_proj",), bias=False)
        if configuration.head_norm:
            places += norm_places(f"{ours}/attention/query_norm", f"{theirs}.self_attn.q_norm", bias=False)
            places += norm_places(f"{ours}/attention/key_norm", f"{theirs}.self_attn.k_norm", bias=False)
        places += norm_places(f"{ours}/attention_norm", f"{theirs}.input_layernorm", bias=False)
        gate_and_up = (f"{theirs}.mlp.gate_proj", f"{theirs}.mlp.up_proj")
        inner_widths = (configuration.intermediate_size,) * 2
        places += dense_places(f"{ours}/feed_forward/inner", gate_and_up, inner_widths, bias=False)
        places += dense_places(f"{ours}/feed_forward/outer", (f"{theirs}.mlp.down_proj",), bias=False)
        places += norm_places(f"{ours}/feed_forward_norm", f"{theirs}.post_attention_layernorm", bias=False)
    return WeightMap(places)
