import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.training.examples import triplets
from tests.training.test_resume import Stop
from tfsiamese.encoders import LoraSettings, load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training import RowSparseAdam, fit

BERT = Path(__file__).parents[1] / "encoders" / "checkpoints" / "bert"
SETTINGS = {"epochs": 2, "batch_size": 6, "learning_rate": 0.003, "seed": 5}


def trained(pairs: Pairs, dropout: float | None = 0.1, **keywords) -> dict[str, np.ndarray]:
    options = {name: keywords.pop(name) for name in ("lora", "freeze", "freeze_layers") if name in keywords}
    encoder = load_encoder(BERT, dropout=dropout, **options)
    fit(Siamese(encoder, "cosine"), pairs, **(SETTINGS | keywords))
    return weights(encoder)


def weights(encoder) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in encoder.named_variables}


def assert_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_a_run_that_was_interrupted_ends_with_the_weights_of_an_uninterrupted_one_dropout_and_all(tiny_pairs, tmp_path):
    straight = trained(tiny_pairs)
    out = tmp_path / "run"
    encoder = load_encoder(BERT, dropout=0.1)
    with pytest.raises(KeyboardInterrupt):
        fit(Siamese(encoder, "cosine"), tiny_pairs, out=out, callbacks=[Stop(4, signal.SIGINT)], **SETTINGS)
    encoder = load_encoder(BERT, dropout=0.1)
    fit(Siamese(encoder, "cosine"), tiny_pairs, out=out, resume=True, **SETTINGS)
    assert_equal(weights(encoder), straight)
    with pytest.raises(SettingsError, match="dropout"):
        fit(Siamese(load_encoder(BERT, dropout=0.2), "cosine"), tiny_pairs, out=out, resume=True, **SETTINGS)


def test_dropout_follows_from_the_seed_and_never_changes_what_is_encoded():
    encoder = load_encoder(BERT, dropout=0.5)
    np.testing.assert_array_equal(encoder.encode(["red apple"]), encoder.encode(["red apple"]))
    texts = tf.constant(["red apple"])
    encoder.seed_dropout([1, 2])
    first = encoder(texts, training=True)
    encoder.seed_dropout([1, 2])
    np.testing.assert_array_equal(first, encoder(texts, training=True))
    encoder.seed_dropout([7, 2])
    assert not np.allclose(first, encoder(texts, training=True))


def test_a_large_batch_in_parts_drops_the_same_units_when_it_computes_vectors_again():
    data = triplets(20, negatives=False)
    plain, one_part = (trained(data, 0.2, loss="ranking", mini_batch_size=size) for size in (None, 1000))
    for name, array in plain.items():
        # A bias of keys has the gradient 0, of which Adam makes something out of rounding errors.
        if name.endswith("/kernel"):
            np.testing.assert_allclose(one_part[name], array, atol=2e-5, err_msg=name)
    # With masks that differed between the two passes, gradients would be noise and the loss would not fall.
    encoder = load_encoder(BERT, dropout=0.2)
    settings = SETTINGS | {"epochs": 8, "batch_size": 20}
    history = fit(Siamese(encoder, "cosine"), data, loss="ranking", mini_batch_size=7, **settings)
    assert history.history["loss"][-1] < 0.7 * history.history["loss"][0]


def test_lower_layers_learn_at_lower_rates(tiny_pairs):
    before = weights(load_encoder(BERT))
    # The first step of Adam changes each number by about the learning rate, whatever its gradient.
    after = trained(
        tiny_pairs, 0.0, epochs=1, batch_size=len(tiny_pairs), layer_decay=0.5, learning_rate=1e-3, restore_best=False
    )
    top = load_encoder(BERT).num_layers + 1
    for name, layer in load_encoder(BERT).layer_numbers.items():
        change = np.abs(after[name] - before[name])
        if name.endswith("/kernel"):
            assert np.median(change[change > 0]) == pytest.approx(1e-3 * 0.5 ** (top - layer), rel=0.02), name
    word = np.abs(after["embeddings/word"] - before["embeddings/word"])
    assert np.median(word[word > 0]) == pytest.approx(1e-3 * 0.5**top, rel=0.02)


def test_layer_decay_needs_layers_and_the_default_optimizer(tiny_pairs, tiny_folder):
    with pytest.raises(SettingsError, match="no known layers"):
        fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, layer_decay=0.9, **SETTINGS)
    with pytest.raises(SettingsError, match="default optimizer"):
        fit(Siamese(load_encoder(BERT)), tiny_pairs, layer_decay=0.9, optimizer=RowSparseAdam(), epochs=1)


def test_frozen_layers_stay_and_the_others_learn(tiny_pairs):
    before = weights(load_encoder(BERT))
    after = trained(tiny_pairs, freeze_layers=1)
    for name, layer in load_encoder(BERT).layer_numbers.items():
        if layer <= 1:
            np.testing.assert_array_equal(after[name], before[name], err_msg=name)
        elif name.endswith("/kernel"):
            assert not np.array_equal(after[name], before[name]), name


def test_with_adapters_nothing_else_learns(tiny_pairs, tmp_path):
    before = weights(load_encoder(BERT))
    encoder = load_encoder(BERT, lora=LoraSettings(rank=2, targets=("attention/*", "feed_forward/outer")))
    fit(Siamese(encoder, "cosine"), tiny_pairs, out=tmp_path / "run", **(SETTINGS | {"learning_rate": 0.01}))
    after = weights(encoder)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert np.abs(after["layers/0/feed_forward/outer/lora_up"]).max() > 0
    texts = ["red apple", "a text that was never seen"]
    vectors = encoder.encode(texts)
    assert np.abs(vectors - load_encoder(BERT).encode(texts)).max() > 1e-3
    for source in (tmp_path / "run", tmp_path / "run" / "encoder" / "1"):
        np.testing.assert_allclose(load_encoder(source).encode(texts), vectors, atol=1e-5)


def test_a_run_keeps_the_encoders_own_learning_rate_and_how_many_texts_were_cut(tmp_path, caplog):
    long = "a nurse " * 60
    data = tmp_path / "pairs.csv"
    data.write_text(f"left,right,score\nred,green,0.5\n{long},green,0.1\nblue,{long},0.2\n")
    from tfsiamese.pairs import read_pairs

    fit(Siamese(load_encoder(BERT)), read_pairs(data), out=tmp_path / "run", epochs=1)
    assert "1 of 4 texts were cut at 48 tokens" in caplog.text
    assert "1 of 4 texts were cut at 48 tokens" in (tmp_path / "run" / "metrics.json").read_text()
    assert '"learning_rate": 2e-05' in (tmp_path / "run" / "config.json").read_text()


def test_a_token_budget_counts_the_encoders_own_tokens(tiny_pairs):
    from tfsiamese.training.plan import TrainingPlan
    from tfsiamese.training.tasks import make_tasks, settings_for

    encoder = load_encoder(BERT)
    tasks = make_tasks(tiny_pairs, None, "mse", head="cosine", has_teacher=False)
    plan = TrainingPlan(Siamese(encoder), tasks, settings_for(tasks, {"batch_size": 64, "max_tokens": 40}))
    batches = next(iter(plan.batches.parts.values()))
    left, right = np.array(tiny_pairs.left), np.array(tiny_pairs.right)
    sizes = []
    for number in range(len(batches)):
        rows = batches.rows(0, number)
        tokens = int(encoder.num_tokens([*left[rows], *right[rows]]).sum())
        assert tokens <= 40 or len(rows) == 1
        sizes.append(len(rows))
    assert max(sizes) > 1
