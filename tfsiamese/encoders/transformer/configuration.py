"""What distinguishes one family of transformers from another."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["LayerConfiguration", "TransformerConfiguration"]


@dataclass(frozen=True)
class LayerConfiguration:
    """What differs from layer to layer.

    Attributes:
        attention_norm: whether a pre-norm layer has a norm before its attention.
        rotary_base: base of the rotary positions' wavelengths; None without rotary positions.
        max_distance: how far apart two tokens may be to attend to each other; None for no limit.
    """

    attention_norm: bool = True
    rotary_base: float | None = None
    max_distance: int | None = None


@dataclass(frozen=True)
class TransformerConfiguration:
    """The shape of a transformer.

    Attributes:
        vocab_size: rows of the embedding table.
        width: length of a token's vector.
        num_heads: attention heads.
        num_key_value_heads: heads that keys and values have; each serves `num_heads / num_key_value_heads` of them.
        head_size: length of a head's vectors.
        intermediate_size: width inside the feed-forward part.
        layers: one for each layer.
        activation: a name of `activations.ACTIVATIONS`.
        gated: the feed-forward part multiplies its activation by a second projection (GLU).
        norm: LayerNorm, or RMSNorm without mean and bias.
        norm_eps: added to the variance.
        norm_first: norms stand before attention and feed-forward part (pre-norm), else after the residual sum.
        embedding_norm: a norm on the embeddings.
        final_norm: a norm after the last layer.
        projection_bias: whether queries, keys and values have biases where the family could do without.
        head_norm: a norm on each head's queries and keys (Qwen3).
        causal: tokens attend to earlier ones only.
        num_positions: rows of the table of learned positions; 0 without one.
        position_offset: the first position's row.
        padding_id: the token that takes no position of its own, for families that count positions without it.
        num_token_types: rows of the table of token types, of which row 0 is used; 0 without one.
        num_relative_buckets: buckets of relative positions that each head has a bias for; 0 without them.
        embedding_dropout: rate on the embeddings.
        attention_dropout: rate on attention probabilities.
        attention_output_dropout: rate on what attention returns.
        intermediate_dropout: rate inside the feed-forward part.
        feed_forward_dropout: rate on what the feed-forward part returns.
    """

    vocab_size: int
    width: int
    num_heads: int
    num_key_value_heads: int
    head_size: int
    intermediate_size: int
    layers: tuple[LayerConfiguration, ...]
    activation: str = "gelu"
    gated: bool = False
    norm: Literal["layer", "rms"] = "layer"
    norm_eps: float = 1e-12
    norm_first: bool = False
    embedding_norm: bool = True
    final_norm: bool = False
    projection_bias: bool = True
    head_norm: bool = False
    causal: bool = False
    num_positions: int = 0
    position_offset: int = 0
    padding_id: int | None = None
    num_token_types: int = 0
    num_relative_buckets: int = 0
    embedding_dropout: float = 0.0
    attention_dropout: float = 0.0
    attention_output_dropout: float = 0.0
    intermediate_dropout: float = 0.0
    feed_forward_dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            _check_whole(name, getattr(self, name), 1)
        for name in ("num_positions", "position_offset", "num_token_types", "num_relative_buckets"):
            _check_whole(name, getattr(self, name), 0)
        if not self.layers:
            raise ValueError("there is no layer")
        if self.num_heads % self.num_key_value_heads:
            raise ValueError(f"{self.num_heads} heads cannot share {self.num_key_value_heads} of keys and values")
        for layer in self.layers:
            if layer.max_distance is not None:
                _check_whole("max_distance", layer.max_distance, 0)
            if layer.rotary_base is not None and (layer.rotary_base <= 0 or self.head_size % 2):
                raise ValueError(f"rotary positions of base {layer.rotary_base} on heads of size {self.head_size}")
        if isinstance(self.norm_eps, bool) or not 0 < self.norm_eps < 1:
            raise ValueError(f"{self.norm_eps!r} is added to variances")
        for name, rate in self.dropout_rates.items():
            if not 0 <= rate < 1:
                raise ValueError(f"{name} = {rate!r}")

    @property
    def query_width(self) -> int:
        """Columns of all heads' queries."""
        return self.num_heads * self.head_size

    @property
    def key_width(self) -> int:
        """Columns of all keys, and as many of all values."""
        return self.num_key_value_heads * self.head_size

    @property
    def dropout_rates(self) -> dict[str, float]:
        """The rates by the names of their attributes."""
        return {name: getattr(self, name) for name in _DROPOUT_RATES}


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} = {value!r}")


_POSITIVE = ("vocab_size", "width", "num_heads", "num_key_value_heads", "head_size", "intermediate_size")
_DROPOUT_RATES = (
    "embedding_dropout",
    "attention_dropout",
    "attention_output_dropout",
    "intermediate_dropout",
    "feed_forward_dropout",
)
