"""Prompts in training: the texts that the steps see."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.examples import classes, triplets
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.pairs import Pairs, Triplets
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.batching import training_batches, validation_batches
from tfsiamese.training.prompts import prompts_before_texts
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.tasks import make_tasks

CHECKPOINTS = Path(__file__).parents[1] / "encoders" / "checkpoints"
BOTH = {"query_prompt": "query: ", "passage_prompt": "passage: "}
NEITHER = {"query_prompt": "", "passage_prompt": ""}
TEXTS = ["red apple", "nurse doctor", "passage: code"]


@pytest.fixture(scope="module")
def e5() -> Encoder:
    """A checkpoint with the prompts "query: " and "passage: ". Not to be trained."""
    return load_encoder(CHECKPOINTS / "xlm_roberta")


def rows(*triplets: tuple[str, str, tuple[str, ...]]) -> Triplets:
    return Triplets.from_frame(pd.DataFrame(triplets, columns=["anchor", "positive", "negatives"]))


def by_hand(examples: Triplets, query: str, passage: str) -> Triplets:
    frame = examples.frame[["anchor", "positive", "negatives"]].copy()
    frame["anchor"] = query + frame["anchor"]
    frame["positive"] = passage + frame["positive"]
    frame["negatives"] = [tuple(passage + text for text in texts) for texts in frame["negatives"]]
    return Triplets.from_frame(frame, source=examples.source)


def vocabulary(examples: object, encoder: Encoder, **settings: object) -> set[str]:
    (task,) = make_tasks(examples)
    return set(training_batches(task, TrainingSettings(batch_size=4, **settings), encoder).vocabulary)


def trained(encoder: Encoder, examples: object, **settings: object) -> np.ndarray:
    shared = {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "batching": "shuffled"}
    fit(Siamese(encoder), examples, **(shared | settings))
    return encoder.encode(TEXTS)


def test_anchors_get_the_query_prompt_and_other_texts_the_passage_prompt_of_the_encoder(e5: Encoder):
    examples = rows(("a", "b", ("c",)), ("b", "d", ()))
    prompted = {"query: a", "query: b", "passage: b", "passage: c", "passage: d"}
    assert vocabulary(examples, e5) == prompted
    assert vocabulary(examples, e5, query_prompt="query", passage_prompt="passage: ") == prompted
    assert vocabulary(examples, e5, **NEITHER) == {"a", "b", "c", "d"}
    assert vocabulary(examples, e5, passage_prompt="") == {"query: a", "query: b", "b", "c", "d"}


def test_validation_data_gets_the_same_prompts(e5: Encoder):
    examples = rows(("a", "b", ()), ("c", "d", ()))
    (task,) = make_tasks(examples, rows(("e", "f", ())))
    batches = validation_batches(task, TrainingSettings(), e5)
    assert sorted(batches.vocabulary) == ["passage: f", "query: e"]


def test_scored_pairs_and_classes_get_prompts_only_where_they_are_given(e5: Encoder, tiny_pairs: Pairs):
    left, right = set(tiny_pairs.left), set(tiny_pairs.right)
    assert vocabulary(tiny_pairs, e5) == left | right
    both = {f"query: {text}" for text in left} | {f"passage: {text}" for text in right}
    assert vocabulary(tiny_pairs, e5, **BOTH) == both
    texts = set(classes().frame["text"])
    assert vocabulary(classes(), e5, per_class=2) == texts
    assert vocabulary(classes(), e5, per_class=2, **BOTH) == {f"query: {text}" for text in texts}


def test_an_anchor_does_not_stand_in_one_batch_with_itself_as_a_positive(e5: Encoder):
    # "query: b" and "passage: b" are two texts for the encoder, and b would be its own negative.
    examples = rows(("a", "b", ()), ("b", "c", ()), ("d", "e", ()), ("f", "g", ()))
    (task,) = make_tasks(examples)
    batches = training_batches(task, TrainingSettings(batch_size=4, batching="distinct"), e5)
    for batch in batches.epoch():
        texts = {text.decode() for text in batch.texts.numpy()}
        assert not {"query: b", "passage: b"} <= texts
    assert {row for number in range(len(batches)) for row in batches.rows(0, number).tolist()} == {0, 1, 2, 3}


def test_training_with_prompts_is_training_on_texts_that_begin_with_them(tiny_folder: Path):
    examples = triplets()
    one = trained(load_encoder(tiny_folder), examples, **BOTH)
    other = trained(load_encoder(tiny_folder), by_hand(examples, "query: ", "passage: "))
    without = trained(load_encoder(tiny_folder), examples)
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert np.abs(one - without).max() > 1e-3


def test_a_checkpoint_is_trained_with_its_own_prompts():
    examples = triplets(12, negatives=False)
    automatic, named, without = (
        trained(load_encoder(CHECKPOINTS / "xlm_roberta", dropout=0.0), examples, epochs=1, **prompts)
        for prompts in ({}, {"query_prompt": "query", "passage_prompt": "passage"}, NEITHER)
    )
    np.testing.assert_array_equal(automatic, named)
    assert np.abs(automatic - without).max() > 1e-4


def test_a_misspelt_prompt_is_refused_before_training(tiny_encoder: Encoder, e5: Encoder):
    with pytest.raises(SettingsError, match=r"no prompt 'qeury' for query_prompt\. Did you mean 'query'"):
        vocabulary(triplets(), e5, query_prompt="qeury")
    with pytest.raises(SettingsError, match=r"no prompt 'query' for query_prompt\. It has none"):
        fit(Siamese(tiny_encoder), triplets(), query_prompt="query")


@pytest.mark.parametrize("name", ["query_prompt", "passage_prompt"])
def test_a_prompt_is_a_text(name: str):
    with pytest.raises(SettingsError, match=rf"Expected {name} to be the name of a prompt, or a text\. .*{name}=3"):
        TrainingSettings(**{name: 3})


class TestAnEncoderWithADefaultPrompt:
    """Its `call` puts "text: " before every text, and its pooling leaves the tokens of a prompt out."""

    @pytest.fixture
    def encoder(self) -> Encoder:
        encoder = load_encoder(CHECKPOINTS / "qwen2_weighted")
        assert encoder.default_prompt_name == "document"
        return encoder

    def test_no_text_gets_two_prompts(self, encoder: Encoder):
        with pytest.raises(
            SettingsError, match=r"puts its default prompt 'document' before every text.*query_prompt='d"
        ):
            prompts_before_texts(triplets(), TrainingSettings(), encoder)
        named = TrainingSettings(query_prompt="document", passage_prompt="text: ")
        assert prompts_before_texts(triplets(), named, encoder) == NEITHER

    def test_scored_pairs_are_left_to_the_default_prompt(self, encoder: Encoder, tiny_pairs: Pairs):
        assert prompts_before_texts(tiny_pairs, TrainingSettings(), encoder) == NEITHER
        with pytest.raises(SettingsError, match="default prompt 'document'"):
            prompts_before_texts(tiny_pairs, TrainingSettings(query_prompt=""), encoder)

    def test_pooling_without_the_prompt_is_refused_where_training_would_put_one(self, encoder: Encoder):
        encoder.default_prompt_name = None
        with pytest.raises(SettingsError, match=r"leaves the tokens of a prompt out of its pooling.*query_prompt=''"):
            prompts_before_texts(triplets(), TrainingSettings(), encoder)
        assert prompts_before_texts(triplets(), TrainingSettings(**NEITHER), encoder) == NEITHER


def test_a_run_keeps_its_prompts_and_is_not_resumed_with_others(tiny_folder: Path, tmp_path: Path):
    settings = {"epochs": 1, "batch_size": 8, "out": tmp_path / "run"}
    fit(Siamese(load_encoder(tiny_folder)), triplets(), query_prompt="query: ", **settings)
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["settings"]["query_prompt"] == "query: "
    assert config["settings"]["passage_prompt"] is None
    with pytest.raises(SettingsError, match=r"settings\.query_prompt was 'query: ', is None"):
        fit(Siamese(load_encoder(tiny_folder)), triplets(), resume=True, **settings)
