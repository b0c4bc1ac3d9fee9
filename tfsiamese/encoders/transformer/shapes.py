"""The shapes that a transformer's weights have."""

from tfsiamese.encoders.transformer.configuration import TransformerConfiguration

__all__ = ["expected_shapes"]


def expected_shapes(configuration: TransformerConfiguration) -> dict[str, tuple[int, ...]]:
    """The shape of every kernel and table that a configuration can ask for, by name."""
    width, query_width = configuration.width, configuration.query_width
    projected = query_width + 2 * configuration.key_width
    inner = configuration.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings/word": (configuration.vocab_size, width),
        "embeddings/position": (configuration.num_positions, width),
        "embeddings/type": (configuration.num_token_types, width),
        "relative_bias/table": (configuration.num_relative_buckets, configuration.num_heads),
    }
    kernels = {
        "attention/projection": (width, projected),
        "attention/output": (query_width, width),
        "feed_forward/inner": (width, 2 * inner if configuration.gated else inner),
        "feed_forward/outer": (inner, width),
    }
    for index in range(len(configuration.layers)):
        for name, shape in kernels.items():
            shapes[f"layers/{index}/{name}/kernel"] = shape
            shapes[f"layers/{index}/{name}/bias"] = shape[1:]
    return shapes
