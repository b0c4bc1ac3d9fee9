"""Attention and whole transformers against plain loops over tokens, heads and layers."""

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.transformer import Transformer
from tfsiamese.encoders.transformer.attention import Attention, AttentionContext
from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.layers import Weights
from tfsiamese.encoders.transformer.positions import attention_mask, rotary_angles

ROWS = [[1, 2, 3, 4, 5], [6], [7, 8]]
WIDTH, SIZE = 6, 4


def _random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def _configuration(heads: int, key_heads: int, **changes: object) -> TransformerConfiguration:
    sizes = {"vocab_size": 9, "width": WIDTH, "head_size": SIZE, "intermediate_size": 8}
    layers = (LayerConfiguration(),)
    return TransformerConfiguration(
        **{**sizes, "layers": layers, "num_heads": heads, "num_key_value_heads": key_heads, **changes}
    )


def _arrays(configuration: TransformerConfiguration, name: str = "a") -> dict[str, np.ndarray]:
    columns = configuration.query_width + 2 * configuration.key_width
    return {
        f"{name}/projection/kernel": _random(WIDTH, columns),
        f"{name}/projection/bias": _random(columns),
        f"{name}/output/kernel": _random(configuration.query_width, WIDTH),
        f"{name}/output/bias": _random(WIDTH, seed=1),
        f"{name}/query_norm/gain": _random(SIZE, seed=2),
        f"{name}/key_norm/gain": _random(SIZE, seed=3),
    }


def _attend(configuration: TransformerConfiguration, states: np.ndarray, dropout: Dropout | None = None) -> np.ndarray:
    layer = configuration.layers[0]
    tokens = FlatTokens.from_ragged(tf.ragged.constant(ROWS, tf.int32))
    mask = attention_mask(tokens, configuration.causal, layer.max_distance)[tf.newaxis, tf.newaxis]
    rotations = {}
    if layer.rotary_base is not None:
        rotations[layer.rotary_base] = rotary_angles(tokens.positions, layer.rotary_base, SIZE)
    context = AttentionContext(tokens, {layer.max_distance: mask}, rotations, dropout or Dropout(None))
    attention = Attention(Weights(_arrays(configuration)), "a", configuration, layer, tf.float32)
    return attention(tf.constant(states), context).numpy()


def _turn(vector: np.ndarray, position: int, base: float) -> np.ndarray:
    """Each pair as a complex number, turned by its angle."""
    half = SIZE // 2
    pairs = vector[:half] + 1j * vector[half:]
    turned = pairs * np.exp(1j * position * base ** (-np.arange(half) / half))
    return np.concatenate([turned.real, turned.imag])


def _expected(configuration: TransformerConfiguration, states: np.ndarray) -> np.ndarray:
    arrays, layer = _arrays(configuration), configuration.layers[0]
    heads, key_heads = configuration.num_heads, configuration.num_key_value_heads
    projected = states.astype(np.float64) @ arrays["a/projection/kernel"] + arrays["a/projection/bias"]
    queries, keys, values = np.split(projected, [heads * SIZE, (heads + key_heads) * SIZE], axis=1)

    def part(vectors: np.ndarray, token: int, head: int, position: int, norm: str) -> np.ndarray:
        vector = vectors[token, head * SIZE : (head + 1) * SIZE]
        if configuration.head_norm:
            vector = vector / np.sqrt(np.mean(vector**2) + configuration.norm_eps) * arrays[f"a/{norm}/gain"]
        return vector if layer.rotary_base is None else _turn(vector, position, layer.rotary_base)

    outputs, first = [], 0
    for row in ROWS:
        for at in range(len(row)):
            attended = []
            for head in range(heads):
                key_head = head // (heads // key_heads)
                seen = [
                    other
                    for other in range(len(row))
                    if (not configuration.causal or other <= at)
                    and (layer.max_distance is None or abs(other - at) <= layer.max_distance)
                ]
                query = part(queries, first + at, head, at, "query_norm")
                scores = [query @ part(keys, first + other, key_head, other, "key_norm") / 2.0 for other in seen]
                weights = np.exp(scores) / np.sum(np.exp(scores))
                value = slice(key_head * SIZE, (key_head + 1) * SIZE)
                attended.append(sum(w * values[first + other, value] for w, other in zip(weights, seen, strict=True)))
            outputs.append(np.concatenate(attended) @ arrays["a/output/kernel"] + arrays["a/output/bias"])
        first += len(row)
    return np.array(outputs)


@pytest.mark.parametrize(("heads", "key_heads"), [(1, 1), (3, 3), (4, 2), (6, 1)])
def test_heads_share_keys_and_values_in_groups(heads, key_heads):
    configuration, states = _configuration(heads, key_heads), _random(8, WIDTH)
    np.testing.assert_allclose(_attend(configuration, states), _expected(configuration, states), atol=2e-5)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"causal": True}, id="causal"),
        pytest.param({"layers": (LayerConfiguration(max_distance=1),)}, id="window"),
        pytest.param({"layers": (LayerConfiguration(rotary_base=50.0),)}, id="rotary"),
        pytest.param({"head_norm": True, "norm": "rms", "norm_eps": 0.1}, id="head norms"),
        pytest.param(
            {
                "causal": True,
                "head_norm": True,
                "norm": "rms",
                "layers": (LayerConfiguration(rotary_base=10.0, max_distance=2),),
            },
            id="all of it",
        ),
    ],
)
def test_what_families_add_is_that_of_a_plain_loop(changes):
    configuration, states = _configuration(4, 2, **changes), _random(8, WIDTH, seed=5)
    expected = _expected(configuration, states)
    np.testing.assert_allclose(_attend(configuration, states), expected, atol=2e-5)
    plain = _expected(_configuration(4, 2), states)
    assert np.abs(expected - plain).max() > 1e-3, "the case would show nothing"


def test_rows_do_not_see_one_another():
    configuration, states = _configuration(2, 2), _random(8, WIDTH)
    before = _attend(configuration, states)
    states[6] += 10.0
    after = _attend(configuration, states)
    np.testing.assert_allclose(after[:6], before[:6], atol=1e-6)
    assert np.abs(after[6:] - before[6:]).max(axis=1).min() > 1e-2


def test_attention_probabilities_are_dropped_in_training():
    configuration = _configuration(2, 2, attention_dropout=0.5)
    states = _random(8, WIDTH)
    kept = _attend(configuration, states)
    dropped = _attend(configuration, states, Dropout(tf.constant([1, 2])))
    np.testing.assert_array_equal(dropped, _attend(configuration, states, Dropout(tf.constant([1, 2]))))
    assert np.abs(kept - dropped).max() > 1e-2


def _transformer_arrays(configuration: TransformerConfiguration) -> dict[str, np.ndarray]:
    arrays = {
        "embeddings/word": _random(9, WIDTH, seed=9),
        "embeddings/norm/gain": np.ones(WIDTH),
        "embeddings/norm/bias": np.zeros(WIDTH),
        "relative_bias/table": _random(32, configuration.num_heads, seed=4),
    }
    for index in range(len(configuration.layers)):
        layer = f"layers/{index}"
        arrays |= _arrays(configuration, f"{layer}/attention")
        for norm in ("attention_norm", "feed_forward_norm"):
            arrays |= {f"{layer}/{norm}/gain": np.ones(WIDTH), f"{layer}/{norm}/bias": np.zeros(WIDTH)}
        arrays |= {
            f"{layer}/feed_forward/inner/kernel": _random(WIDTH, 8, seed=index),
            f"{layer}/feed_forward/outer/kernel": _random(8, WIDTH, seed=index),
        }
    return arrays


@pytest.mark.parametrize("relative", [0, 32])
def test_relative_positions_tell_the_order_of_tokens_apart(relative):
    configuration = _configuration(2, 2, num_relative_buckets=relative)
    transformer = Transformer(configuration, _transformer_arrays(configuration))
    tokens = (FlatTokens.from_ragged(tf.ragged.constant([row], tf.int32)) for row in ([1, 2, 3], [2, 1, 3]))
    one, other = (transformer(token, Dropout(None)).numpy()[2] for token in tokens)
    difference = np.abs(one - other).max()
    assert difference > 1e-3 if relative else difference < 1e-5


def test_every_rate_of_dropout_has_its_place():
    states = {}
    tokens = FlatTokens.from_ragged(tf.ragged.constant(ROWS, tf.int32))
    for name in _configuration(2, 2).dropout_rates:
        configuration = _configuration(2, 2, **{name: 0.5})
        transformer = Transformer(configuration, _transformer_arrays(configuration))
        states[name] = transformer(tokens, Dropout(tf.constant([3, 3]))).numpy()
        undropped = transformer(tokens, Dropout(None)).numpy()
        assert np.abs(states[name] - undropped).max() > 1e-2, name
    assert len(states) == 5
    flat = [values.tobytes() for values in states.values()]
    assert len(set(flat)) == 5
