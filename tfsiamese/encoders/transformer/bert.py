"""BERT, RoBERTa and XLM-RoBERTa.

References: Devlin et al., arXiv:1810.04805; Liu et al., arXiv:1907.11692; Conneau et al., arXiv:1911.02116.
"""

from typing import Any

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.reading import refuse, size_of_heads
from tfsiamese.encoders.transformer.weight_map import LayerTensors, Place, WeightMap, norm_places

__all__ = [
    "BERT_DEFAULTS",
    "ROBERTA_DEFAULTS",
    "XLM_ROBERTA_DEFAULTS",
    "configure_bert",
    "configure_roberta",
    "map_weights",
]

BERT_DEFAULTS: dict[str, Any] = {
    "vocab_size": 30_522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
ROBERTA_DEFAULTS = BERT_DEFAULTS | {"vocab_size": 50_265, "pad_token_id": 1}
XLM_ROBERTA_DEFAULTS = ROBERTA_DEFAULTS | {"vocab_size": 30_522}


_LAYER = LayerTensors(
    projections=("attention.self.query", "attention.self.key", "attention.self.value"),
    attention_output="attention.output.dense",
    attention_norm="attention.output.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    feed_forward_norm="output.LayerNorm",
)


def configure_bert(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of BERT names."""
    return _configure(config, offset=0, padding_id=None)


def configure_roberta(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of RoBERTa names, whose positions begin after the padding token's id."""
    padding_id = config["pad_token_id"]
    return _configure(config, offset=padding_id + 1, padding_id=padding_id)


def _configure(config: dict[str, Any], offset: int, padding_id: int | None) -> TransformerConfiguration:
    refuse(config, "position_embedding_type", (None, "absolute"))
    refuse(config, "is_decoder", (None, False))
    refuse(config, "add_cross_attention", (None, False))
    width, heads = config["hidden_size"], config["num_attention_heads"]
    dropout = config["hidden_dropout_prob"]
    return TransformerConfiguration(
        vocab_size=config["vocab_size"],
        width=width,
        num_heads=heads,
        num_key_value_heads=heads,
        head_size=size_of_heads(width, heads),
        intermediate_size=config["intermediate_size"],
        layers=(LayerConfiguration(),) * config["num_hidden_layers"],
        activation=config["hidden_act"],
        norm_eps=config["layer_norm_eps"],
        num_positions=config["max_position_embeddings"],
        position_offset=offset,
        padding_id=padding_id,
        num_token_types=config["type_vocab_size"],
        embedding_dropout=dropout,
        attention_dropout=config["attention_probs_dropout_prob"],
        attention_output_dropout=dropout,
        feed_forward_dropout=dropout,
    )


def map_weights(configuration: TransformerConfiguration) -> WeightMap:
    """Where the weights lie."""
    places = [
        Place("embeddings/word", ("embeddings.word_embeddings.weight",)),
        Place("embeddings/position", ("embeddings.position_embeddings.weight",)),
        Place("embeddings/type", ("embeddings.token_type_embeddings.weight",)),
        *norm_places("embeddings/norm", "embeddings.LayerNorm"),
    ]
    return WeightMap([*places, *_LAYER.places(configuration, "encoder.layer")])
