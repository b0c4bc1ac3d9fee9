"""DistilBERT. Reference: Sanh et al., arXiv:1910.01108."""

from typing import Any

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.reading import size_of_heads
from tfsiamese.encoders.transformer.weight_map import LayerTensors, Place, WeightMap, norm_places

__all__ = ["DEFAULTS", "configure", "map_weights"]

DEFAULTS: dict[str, Any] = {
    "vocab_size": 30_522,
    "max_position_embeddings": 512,
    "n_layers": 6,
    "n_heads": 12,
    "dim": 768,
    "hidden_dim": 3072,
    "dropout": 0.1,
    "attention_dropout": 0.1,
    "activation": "gelu",
    "pad_token_id": 0,
}


# The names of other families, which transformers takes too.
_OTHER_NAMES = {"dim": "hidden_size", "n_heads": "num_attention_heads", "n_layers": "num_hidden_layers"}


_LAYER = LayerTensors(
    projections=("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    attention_output="attention.out_lin",
    attention_norm="sa_layer_norm",
    inner="ffn.lin1",
    outer="ffn.lin2",
    feed_forward_norm="output_layer_norm",
)


def configure(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of DistilBERT names."""
    config = config | {name: config[other] for name, other in _OTHER_NAMES.items() if other in config}
    return TransformerConfiguration(
        vocab_size=config["vocab_size"],
        width=config["dim"],
        num_heads=config["n_heads"],
        num_key_value_heads=config["n_heads"],
        head_size=size_of_heads(config["dim"], config["n_heads"]),
        intermediate_size=config["hidden_dim"],
        layers=(LayerConfiguration(),) * config["n_layers"],
        activation=config["activation"],
        num_positions=config["max_position_embeddings"],
        embedding_dropout=config["dropout"],
        attention_dropout=config["attention_dropout"],
        feed_forward_dropout=config["dropout"],
    )


def map_weights(configuration: TransformerConfiguration) -> WeightMap:
    """Where the weights lie."""
    places = [
        Place("embeddings/word", ("embeddings.word_embeddings.weight",)),
        Place("embeddings/position", ("embeddings.position_embeddings.weight",)),
        *norm_places("embeddings/norm", "embeddings.LayerNorm"),
    ]
    return WeightMap([*places, *_LAYER.places(configuration, "transformer.layer")])
