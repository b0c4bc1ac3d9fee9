"""MPNet. Reference: Song et al., arXiv:2004.09297."""

import dataclasses
from typing import Any

from tfsiamese.encoders.transformer.bert import BERT_DEFAULTS, configure_roberta
from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.encoders.transformer.reading import refuse
from tfsiamese.encoders.transformer.weight_map import LayerTensors, Place, WeightMap, norm_places

__all__ = ["DEFAULTS", "configure", "map_weights"]

DEFAULTS: dict[str, Any] = BERT_DEFAULTS | {"vocab_size": 30_527, "relative_attention_num_buckets": 32}

_PADDING_ID = 1
_NUM_BUCKETS = 32


_LAYER = LayerTensors(
    projections=("attention.attn.q", "attention.attn.k", "attention.attn.v"),
    attention_output="attention.attn.o",
    attention_norm="attention.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    feed_forward_norm="output.LayerNorm",
)


def configure(config: dict[str, Any]) -> TransformerConfiguration:
    """The shape that a config.json of MPNet names: that of RoBERTa without token types and with relative positions."""
    refuse(config, "relative_attention_num_buckets", (_NUM_BUCKETS,))
    like_roberta = configure_roberta(config | {"pad_token_id": _PADDING_ID})
    return dataclasses.replace(like_roberta, num_token_types=0, num_relative_buckets=_NUM_BUCKETS)


def map_weights(configuration: TransformerConfiguration) -> WeightMap:
    """Where the weights lie."""
    places = [
        Place("embeddings/word", ("embeddings.word_embeddings.weight",)),
        Place("embeddings/position", ("embeddings.position_embeddings.weight",)),
        *norm_places("embeddings/norm", "embeddings.LayerNorm"),
        Place("relative_bias/table", ("encoder.relative_attention_bias.weight",)),
    ]
    return WeightMap([*places, *_LAYER.places(configuration, "encoder.layer")])
