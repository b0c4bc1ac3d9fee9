"""Exports of encoders with prompts, loaded again: the prompts come back, and each is what it was."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.encoders.checkpoint.frozen import change_json, copy_checkpoint, shared
from tfsiamese.encoders import Encoder, SavedModelEncoder, load_encoder
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.export import ExportSettings, export_saved_model
from tfsiamese.search import retrieval_prompts
from tfsiamese.servables import METADATA_FILE, read_metadata

# One without a default prompt, and one whose default prompt takes no part in pooling.
FREE, SKIPPING = "xlm_roberta", "qwen2_weighted"
TEXTS = ["a nurse", "", "Ünïcode", "the river and the road"]
PLAIN = ExportSettings(warmup_texts=[])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Versions of the two. Not to be changed."""
    base = tmp_path_factory.mktemp("prompts")
    return {name: export_saved_model(shared(name), base / name, settings=PLAIN) for name in (FREE, SKIPPING)}


@pytest.fixture(scope="module")
def loaded(exported) -> Iterator[dict[str, Encoder]]:
    """Not to be changed."""
    yield {name: load_encoder(folder) for name, folder in exported.items()}


def _change_metadata(folder: Path, **changes: object) -> None:
    path = folder / METADATA_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    content["encoder"] |= changes
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("name", [FREE, SKIPPING])
def test_prompts_come_back_with_what_is_said_of_them(loaded, name):
    encoder, checkpoint = loaded[name], shared(name)
    assert isinstance(encoder, SavedModelEncoder)
    assert dict(encoder.prompts) == dict(checkpoint.prompts)
    assert encoder.default_prompt_name == checkpoint.default_prompt_name
    assert encoder.skips_prompts == checkpoint.skips_prompts
    assert retrieval_prompts(encoder) == retrieval_prompts(checkpoint)


@pytest.mark.parametrize(
    ("name", "prompt_name"),
    [
        (FREE, None),
        (FREE, ""),
        (FREE, "query"),
        (FREE, "passage"),
        (FREE, "document"),
        (SKIPPING, None),
        (SKIPPING, "query"),
        (SKIPPING, "document"),
    ],
)
def test_each_prompt_gives_the_vectors_of_the_checkpoint(loaded, name, prompt_name):
    expected = shared(name).encode(TEXTS, prompt_name=prompt_name)
    np.testing.assert_allclose(loaded[name].encode(TEXTS, prompt_name=prompt_name), expected, atol=2e-5)


def test_the_vectors_of_two_prompts_differ(loaded):
    for encoder in loaded.values():
        vectors = [encoder.encode(TEXTS, prompt_name=name) for name in ("query", "document")]
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


def test_a_prompt_can_be_given_by_its_text(loaded):
    for name, prompt in ((FREE, "query: "), (SKIPPING, "Find an answer: "), (SKIPPING, "text: ")):
        expected = shared(name).encode(TEXTS, prompt=prompt)
        np.testing.assert_allclose(loaded[name].encode(TEXTS, prompt=prompt), expected, atol=2e-5)


def test_another_prompt_is_taken_where_nothing_stands_before_the_texts_already(loaded):
    expected = shared(FREE).encode(TEXTS, prompt="search: ")
    np.testing.assert_allclose(loaded[FREE].encode(TEXTS, prompt="search: "), expected, atol=2e-5)


@pytest.mark.parametrize("choice", [{"prompt": "search: "}, {"prompt_name": ""}, {"prompt": ""}])
def test_another_prompt_is_refused_where_a_default_prompt_is_inside(loaded, choice):
    message = r"was exported with its prompts inside, and takes no other than those: document, query\."
    with pytest.raises(SettingsError, match=message):
        loaded[SKIPPING].encode(TEXTS, **choice)


def test_a_misspelt_prompt_is_answered_with_the_known_ones(loaded):
    with pytest.raises(SettingsError, match=r"no prompt 'qeury'\. Did you mean 'query'.*Its prompts: "):
        loaded[FREE].encode(TEXTS, prompt_name="qeury")


@pytest.mark.parametrize("name", [FREE, SKIPPING])
def test_an_export_of_an_export_keeps_them(exported, loaded, tmp_path, name):
    folder = export_saved_model(loaded[name], tmp_path / "again", settings=PLAIN)
    described = [read_metadata(version)["encoder"] for version in (exported[name], folder)]
    for key in ("prompts", "default_prompt_name", "skips_prompts"):
        assert described[0][key] == described[1][key]
    again = load_encoder(folder)
    for prompt_name in (None, *shared(name).prompts):
        expected = shared(name).encode(TEXTS, prompt_name=prompt_name)
        np.testing.assert_allclose(again.encode(TEXTS, prompt_name=prompt_name), expected, atol=2e-5)


def test_prompts_follow_the_weights(exported):
    encoder = load_encoder(exported[FREE])
    before = encoder.encode(TEXTS, prompt_name="query")
    for variable in encoder.trainable_variables:
        if len(variable.shape) == 2:
            variable.assign(variable * 1.5)
    after = encoder.encode(TEXTS, prompt_name="query")
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, encoder.encode([f"query: {text}" for text in TEXTS]), atol=2e-5)


def test_a_signature_that_is_chosen_is_the_whole_encoder(exported):
    encoder = load_encoder(exported[FREE], signature="query")
    assert dict(encoder.prompts) == {}
    expected = shared(FREE).encode(TEXTS, prompt_name="query")
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=2e-5)


class TestOtherMetadata:
    @pytest.fixture
    def folder(self, tiny_encoder, tmp_path) -> Path:
        """An export without prompts, to be changed."""
        folder = export_saved_model(tiny_encoder, tmp_path / "jobs", settings=PLAIN)
        return Path(shutil.move(folder, tmp_path / "1"))

    def test_without_prompts_there_are_none(self, folder):
        encoder = load_encoder(folder)
        assert (dict(encoder.prompts), encoder.default_prompt_name, encoder.skips_prompts) == ({}, None, False)
        with pytest.raises(SettingsError, match=r"no prompt 'query'\. It has none\."):
            encoder.encode(TEXTS, prompt_name="query")

    def test_prompts_without_a_signature_are_left_out_but_for_the_default(self, folder):
        _change_metadata(folder, prompts={"query": "query: ", "other": "o: "}, default_prompt_name="other")
        encoder = load_encoder(folder)
        assert (dict(encoder.prompts), encoder.default_prompt_name) == ({"other": "o: "}, "other")

    def test_metadata_that_is_damaged_is_an_error_of_the_encoder(self, folder):
        (folder / METADATA_FILE).write_text("{")
        with pytest.raises(EncoderError, match=r"tfsiamese\.json cannot be read as JSON"):
            load_encoder(folder)

    def test_without_metadata_it_is_an_encoder_all_the_same(self, folder, tiny_encoder):
        (folder / METADATA_FILE).unlink()
        np.testing.assert_allclose(load_encoder(folder).encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)


def test_a_default_prompt_whose_name_is_no_signature_stays_the_default(tmp_path):
    source = copy_checkpoint("bert", tmp_path)
    prompts = {"my-query": "find: ", "query": "q: "}
    change_json(source / "config_sentence_transformers.json", prompts=prompts, default_prompt_name="my-query")
    checkpoint = load_encoder(source)
    folder = tmp_path / "models"
    for _ in range(2):
        exported = load_encoder(export_saved_model(checkpoint, folder, settings=PLAIN))
        for prompt_name in (None, "my-query", "query"):
            expected = checkpoint.encode(TEXTS, prompt_name=prompt_name)
            np.testing.assert_allclose(exported.encode(TEXTS, prompt_name=prompt_name), expected, atol=1e-5)
        for refused in ({"prompt_name": ""}, {"prompt": "other "}):
            with pytest.raises(SettingsError, match="was exported with its prompts inside"):
                exported.encode(TEXTS, **refused)
        checkpoint = exported
