"""A tiny encoder, built in a second, so that tests need neither the default encoder's weights nor a network."""

import gc
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.encoders.reusable import ReusableParts, write_reusable_saved_model
from tfsiamese.pairs import Pairs

# Looking through all of TensorFlow's objects again and again took a good part of the suite's time.
gc.freeze()
gc.set_threshold(50_000, 20, 50)

NUM_ROWS, WIDTH, DIMENSION = 512, 12, 8

WORDS = ["red", "green", "blue", "apple", "pear", "plum", "nurse", "doctor"]
WORDS += ["baker", "data", "code", "road", "river", "cloud", "stone", "bread"]


class TinyNetwork(tf.Module):
    """The mean of hashed word embeddings through one dense layer: strings [batch] -> float [batch, 8]."""

    def __init__(self, seed: int = 0):
        super().__init__(name="tiny")
        random = np.random.default_rng(seed)
        self.table = tf.Variable(random.normal(size=[NUM_ROWS, WIDTH]), name="embedding_table", dtype=tf.float32)
        self.kernel = tf.Variable(random.normal(size=[WIDTH, DIMENSION]), name="dense/kernel", dtype=tf.float32)
        self.bias = tf.Variable(random.normal(size=[DIMENSION]), name="dense/bias", dtype=tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        words = tf.strings.split(tf.strings.join(["<s>", texts], separator=" "))
        rows = tf.strings.to_hash_bucket_fast(words.flat_values, NUM_ROWS)
        total = tf.math.segment_sum(tf.gather(self.table, rows), words.value_rowids())
        count = tf.cast(words.row_lengths(), tf.float32)[:, tf.newaxis]
        return tf.tanh((total / count) @ self.kernel + self.bias)


def write_tiny_encoder(folder: Path, seed: int = 0) -> Path:
    """Writes a tiny encoder as a Reusable SavedModel."""
    network = TinyNetwork(seed)
    variables = network.variables
    write_reusable_saved_model(folder, ReusableParts(network, network.__call__, variables, variables))
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny encoder's SavedModel. Not to be changed."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture
def tiny_encoder(tiny_folder: Path) -> Encoder:
    """A tiny encoder, loaded anew for each test."""
    return load_encoder(tiny_folder)


@pytest.fixture(scope="session")
def tiny_pairs() -> Pairs:
    """Forty pairs of two-word texts whose score is the share of words they have in common."""
    random = np.random.default_rng(7)
    rows = []
    while len(rows) < 40:
        left, right = (random.choice(WORDS, size=2, replace=False) for _ in range(2))
        rows.append((" ".join(left), " ".join(right), len({*left} & {*right}) / 2))
    frame = pd.DataFrame(rows, columns=["left", "right", "score"])
    return Pairs.from_frame(frame.drop_duplicates(["left", "right"]).reset_index(drop=True), source="tiny")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real data that `TFSIAMESE_DATA` names; the test is skipped where it is unset."""
    folder = os.environ.get("TFSIAMESE_DATA")
    if not folder:
        pytest.skip("TFSIAMESE_DATA is not set: it names the folder of real data")
    return Path(folder)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
