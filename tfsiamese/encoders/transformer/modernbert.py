"""ModernBERT. Reference: Warner et al., arXiv:2412.13663."""

from typing import Any

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.reading import refuse, rotary_base, size_of_heads
from tfsiamese.encoders.transformer.weight_map import Place, WeightMap, dense_places, norm_places

__all__ = ["DEFAULTS", "configure", "map_weights"]

DEFAULTS: dict[str, Any] = {
    "vocab_size": 50_368,
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "hidden_activation": "gelu",
    "max_position_embeddings": 8192,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "global_attn_every_n_layers": 3,
    "global_rope_theta": 160_000.0,
    "local_rope_theta": 10_000.0,
    "local_attention": 128,
    "embedding_dropout": 0.0,
    "mlp_bias": False,
    "mlp_dropout": 0.0,
}


def configure(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of ModernBERT names."""
    for name in ("norm_bias", "attention_bias", "mlp_bias"):
        refuse(config, name, (False,))
    width, heads = config["hidden_size"], config["num_attention_heads"]
    return TransformerConfiguration(
        vocab_size=config["vocab_size"],
        width=width,
        num_heads=heads,
        num_key_value_heads=heads,
        head_size=size_of_heads(width, heads),
        intermediate_size=config["intermediate_size"],
        layers=_layers(config),
        activation=config["hidden_activation"],
        gated=True,
        norm_eps=config["norm_eps"],
        norm_first=True,
        final_norm=True,
        embedding_dropout=config["embedding_dropout"],
        attention_dropout=config["attention_dropout"],
        attention_output_dropout=config["attention_dropout"],
        intermediate_dropout=config["mlp_dropout"],
    )


def _layers(config: dict[str, Any]) -> tuple[LayerConfiguration, ...]:
    """Every third layer attends to all tokens, the others to their neighbours; the first one has no norm of its own."""
    number, period = config["num_hidden_layers"], config["global_attn_every_n_layers"]
    kinds = config.get("layer_types")
    if kinds is None:
        kinds = ["sliding_attention" if index % period else "full_attention" for index in range(number)]
    if len(kinds) != number:
        raise ValueError(f"{len(kinds)} layer_types for {number} layers")
    bases = {
        "full_attention": rotary_base(config, config["global_rope_theta"], "full_attention"),
        "sliding_attention": rotary_base(config, config["local_rope_theta"], "sliding_attention"),
    }
    distances = {"full_attention": None, "sliding_attention": config["local_attention"] // 2}
    return tuple(
        LayerConfiguration(attention_norm=index > 0, rotary_base=bases[kind], max_distance=distances[kind])
        for index, kind in enumerate(kinds)
    )


def map_weights(configuration: TransformerConfiguration) -> WeightMap:
    """Where the weights lie."""
    places = [
        Place("embeddings/word", ("embeddings.tok_embeddings.weight",)),
        *norm_places("embeddings/norm", "embeddings.norm", bias=False),
        *norm_places("final_norm", "final_norm", bias=False),
    ]
    for index, layer in enumerate(configuration.layers):
        ours, theirs = f"layers/{index}", f"layers.{index}"
        places += dense_places(f"{ours}/attention/projection", (f"{theirs}.attn.Wqkv",), bias=False)
        places += dense_places(f"{ours}/attention/output", (f"{theirs}.attn.Wo",), bias=False)
        if layer.attention_norm:
            places += norm_places(f"{ours}/attention_norm", f"{theirs}.attn_norm", bias=False)
        places += dense_places(f"{ours}/feed_forward/inner", (f"{theirs}.mlp.Wi",), bias=False)
        places += dense_places(f"{ours}/feed_forward/outer", (f"{theirs}.mlp.Wo",), bias=False)
        places += norm_places(f"{ours}/feed_forward_norm", f"{theirs}.mlp_norm", bias=False)
    return WeightMap(places)
