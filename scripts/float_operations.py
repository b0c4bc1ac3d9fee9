"""Float operations of encoders, counted by hand from the shapes of their weights.

Only matrix products count, a multiplication and an addition being two operations, and only those of real tokens: what
is computed for padding, or saved by encoding a repeated text once, changes the speed and not the count. A training step
has three times the operations of encoding: forward, and backward to the inputs and to the weights.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["TRAINING", "bert_operations", "use_multilingual_operations", "use_multilingual_tokens"]

TRAINING = 3

_EMBEDDING, _BRANCH = 512, 256
_ORDERS = (2, 3, 5)
# d0, d1, p1, d2, p3, d3 of the dense network on top, and the projection of the pooled sum.
_DENSE_NAMES = ("d0", "d1", "p1", "d2", "p3", "d3", "cnn_W")


def use_multilingual_tokens(texts: Sequence[str]) -> np.ndarray:
    """Tokens of each text in the default encoder, with those at beginning and end."""
    import tensorflow_text

    from tfsiamese.encoders.packaged_weights import read_packaged_tokenizer

    tokenizer = tensorflow_text.SentencepieceTokenizer(read_packaged_tokenizer(), add_bos=True, add_eos=True)
    return tokenizer.tokenize(list(texts)).row_lengths().numpy()


def use_multilingual_operations(num_tokens: np.ndarray) -> float:
    """To encode texts of so many tokens with the default encoder."""
    from tfsiamese.encoders.packaged_weights import read_packaged_weights

    a_token = sum(2 * _EMBEDDING * _BRANCH + 2 * 2 * order * _BRANCH**2 for order in _ORDERS)
    weights = read_packaged_weights()
    a_text = sum(2 * int(weights[name].size) for name in _DENSE_NAMES)
    return float(a_token * int(num_tokens.sum()) + a_text * len(num_tokens))


def bert_operations(folder: str, num_tokens: np.ndarray) -> float:
    """To encode texts of so many tokens with a BERT checkpoint, from its config.json."""
    config = json.loads(Path(folder, "config.json").read_text(encoding="utf-8"))
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    tokens = num_tokens.astype(np.float64)
    dense = 2 * (4 * width**2 + 2 * width * inner) * tokens.sum()
    attention = 4 * width * (tokens**2).sum()
    return float(layers * (dense + attention))
