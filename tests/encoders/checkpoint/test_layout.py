"""Folders of checkpoints: what is read, what is refused and why."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import (
    CHECKPOINTS,
    change_json,
    copy_checkpoint,
    expected,
    expected_vectors,
    shared,
)
from tfsiamese.encoders import CheckpointEncoder, load_encoder
from tfsiamese.encoders.checkpoint import is_checkpoint
from tfsiamese.errors import EncoderError, TfSiameseError

TEXTS = tf.constant(["The nurse reads.", "", "Ünïcode"])


class TestRecognition:
    @pytest.mark.parametrize("name", ["bert", "bert_plain"])
    def test_both_layouts_are_known(self, name):
        assert is_checkpoint(CHECKPOINTS / name)

    def test_another_configuration_is_no_checkpoint(self, tmp_path):
        assert not is_checkpoint(tmp_path)
        (tmp_path / "config.json").write_text('{"epochs": 3}')
        assert not is_checkpoint(tmp_path)


class TestLayouts:
    def test_the_plain_layout_is_the_mean_over_the_tokens(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        for name in ("modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"):
            (folder / name).unlink()
        vectors = load_encoder(folder)(TEXTS)
        # The same checkpoint as sentence-transformers' takes the mean too, and normalizes it.
        np.testing.assert_allclose(tf.math.l2_normalize(vectors, axis=1), shared("bert")(TEXTS), atol=1e-6)

    def test_the_transformer_can_lie_in_a_folder_of_its_own(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        (folder / "0_Transformer").mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            shutil.move(folder / name, folder / "0_Transformer" / name)
        shutil.move(folder / "sentence_bert_config.json", folder / "0_Transformer")
        modules = json.loads((folder / "modules.json").read_text())
        modules[0]["path"] = "0_Transformer"
        (folder / "modules.json").write_text(json.dumps(modules))
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), shared("bert")(TEXTS), atol=1e-6)

    def test_the_files_can_be_links_into_a_cache(self, tmp_path):
        for name in ("bert", "qwen2"):
            blobs, snapshot = tmp_path / f"{name}-blobs", tmp_path / f"{name}-snapshot"
            blobs.mkdir()
            for path in (CHECKPOINTS / name).rglob("*.*"):
                link = snapshot / path.relative_to(CHECKPOINTS / name)
                link.parent.mkdir(parents=True, exist_ok=True)
                blob = blobs / f"{len(list(blobs.iterdir())):04d}"
                shutil.copy(path, blob)
                link.symlink_to(blob)
            np.testing.assert_allclose(load_encoder(snapshot)(TEXTS), shared(name)(TEXTS), atol=1e-6)

    def test_a_folder_below_a_checkpoint_is_one_for_itself(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path / "run" / "checkpoints")
        assert isinstance(load_encoder(folder), CheckpointEncoder)


class TestSettings:
    def test_max_seq_length_cuts_texts(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "sentence_bert_config.json", max_seq_length=5)
        encoder = load_encoder(folder)
        assert encoder.max_length == 5
        lengths = [len(ids) for ids in encoder.network.tokenizer.tokenize(tf.constant(expected("bert")["texts"])).ids]
        assert max(lengths) == 5

    def test_the_limit_is_that_of_the_tokenizer_where_max_seq_length_is_absent(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "tokenizer_config.json", model_max_length=20)
        assert load_encoder(folder).max_length == 20

    @pytest.mark.parametrize("length", [10**30, ...])
    def test_the_limit_is_that_of_the_positions_where_the_tokenizer_has_none(self, tmp_path, length):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "tokenizer_config.json", model_max_length=length)
        assert load_encoder(folder).max_length == 48

    def test_no_more_tokens_are_taken_than_there_are_positions(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "sentence_bert_config.json", max_seq_length=512)
        encoder = load_encoder(folder)
        assert encoder.max_length == 48
        texts = tf.constant(["the fox " * 60])
        np.testing.assert_allclose(encoder(texts), shared("bert")(texts), atol=1e-6)

    @pytest.mark.parametrize("length", [0, -1, "48", 4.5, True, [3]])
    def test_a_max_seq_length_that_is_no_positive_number_is_refused(self, tmp_path, length):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "sentence_bert_config.json", max_seq_length=length)
        with pytest.raises(EncoderError, match=r"has max_seq_length = .*\. Expected a positive whole number"):
            load_encoder(folder)

    def test_do_lower_case_lowers_texts_before_the_tokenizer(self, tmp_path):
        folder = copy_checkpoint("bert_max", tmp_path)
        texts = tf.constant(["The NURSE", "the nurse"])
        (settings,) = folder.glob("sentence_*_config.json")
        vectors = {}
        for lowered in (True, False):
            change_json(settings, do_lower_case=lowered)
            vectors[lowered] = load_encoder(folder)(texts).numpy()
        np.testing.assert_allclose(vectors[True][0], vectors[True][1], atol=1e-5)
        np.testing.assert_allclose(vectors[True][1], vectors[False][1], atol=1e-5)
        assert np.abs(vectors[False][0] - vectors[False][1]).max() > 1e-2, "the tokenizer keeps the case by itself"

    def test_another_task_of_the_transformer_is_refused(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "sentence_bert_config.json", transformer_task="fill-mask")
        with pytest.raises(EncoderError, match=r"transformer_task 'fill-mask'\. Expected 'feature-extraction'"):
            load_encoder(folder)

    @pytest.mark.parametrize("prompts", [{"query": 3}, ["query: "], "query: "])
    def test_prompts_that_are_no_texts_are_refused(self, tmp_path, prompts):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "config_sentence_transformers.json", prompts=prompts)
        with pytest.raises(EncoderError, match="has a prompt that is no text"):
            load_encoder(folder)


class TestDamagedConfigurations:
    @pytest.mark.parametrize("name", ["bert", "bert_plain"])
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "config.json is not JSON"),
            (b"\xff\xfe", "config.json is not JSON"),
            (b"[1]", "config.json holds a list. Expected a JSON object."),
        ],
    )
    def test_a_config_that_is_no_json_object_is_refused(self, tmp_path, name, content, message):
        folder = copy_checkpoint(name, tmp_path)
        (folder / "config.json").write_bytes(content)
        with pytest.raises(EncoderError) as error:
            load_encoder(folder)
        assert message in str(error.value)

    def test_an_absent_config_is_reported(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        (folder / "config.json").unlink()
        with pytest.raises(EncoderError, match=r"config\.json cannot be read: No such file"):
            load_encoder(folder)

    @pytest.mark.parametrize("model_type", ["t5", 3, ["bert"], None])
    def test_an_unknown_model_type_is_refused(self, tmp_path, model_type):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "config.json", model_type=model_type)
        with pytest.raises(EncoderError, match=r"is of the model_type .*, which is not supported\. Expected one of be"):
            load_encoder(folder)

    @pytest.mark.parametrize(
        "change",
        [
            {"hidden_size": -24},
            {"hidden_size": "24"},
            {"hidden_size": 24.0},
            {"num_attention_heads": 0},
            {"num_attention_heads": -4},
            {"num_attention_heads": 5},
            {"num_attention_heads": True},
            {"num_attention_heads": None},
            {"num_hidden_layers": 0},
            {"num_hidden_layers": -1},
            {"num_hidden_layers": 2.5},
            {"vocab_size": "300"},
            {"intermediate_size": "x"},
            {"max_position_embeddings": "48"},
            {"max_position_embeddings": None},
            {"type_vocab_size": -1},
            {"layer_norm_eps": -1.0},
            {"layer_norm_eps": "1e-12"},
            {"hidden_dropout_prob": 1.5},
            {"hidden_dropout_prob": -0.1},
            {"hidden_dropout_prob": None},
        ],
        ids=str,
    )
    def test_a_value_that_makes_no_sense_is_reported(self, tmp_path, change):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "config.json", **change)
        with pytest.raises(EncoderError, match=r"bert/config\.json has a value that makes no sense \(.+\)\. Expected"):
            load_encoder(folder)

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("qwen3", {"num_key_value_heads": 3}),
            ("qwen3", {"num_key_value_heads": -2}),
            ("qwen3", {"head_dim": 3}),
            ("qwen3", {"layer_types": ["full_attention"]}),
            ("qwen3", {"rope_parameters": ..., "rope_scaling": "yarn"}),
            ("qwen3", {"rope_parameters": {"rope_theta": -5}}),
            ("mistral", {"sliding_window": 0}),
            ("modernbert", {"layer_types": ["full_attention"]}),
            ("modernbert", {"layer_types": ["local"] * 4}),
            ("modernbert", {"local_attention": -1}),
        ],
        ids=str,
    )
    def test_so_is_one_of_another_family(self, tmp_path, name, change):
        folder = copy_checkpoint(name, tmp_path)
        change_json(folder / "config.json", **change)
        with pytest.raises(EncoderError, match="has a value that makes no sense"):
            load_encoder(folder)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"vocab_size": 301}, r"embeddings/word of the shape \[300, 24\], where its config\.json says \[301, 24\]"),
            ({"max_position_embeddings": 64}, r"embeddings/position of the shape \[48, 24\], .* says \[64, 24\]"),
            ({"type_vocab_size": 3}, r"embeddings/type of the shape \[2, 24\], where its config\.json says \[3, 24\]"),
            ({"type_vocab_size": 0}, r"embeddings/type of the shape \[2, 24\], where its config\.json says \[0, 24\]"),
            ({"num_hidden_layers": 3}, r"lacks the tensors encoder\.layer\.2\..* and 13 more that its config\.json"),
            ({"hidden_size": 32}, r"embeddings/word of the shape \[300, 24\], where its config\.json says \[300, 32\]"),
            ({"hidden_act": "mish"}, r"The activation 'mish' is not supported"),
            ({"hidden_act": ["gelu"]}, r"The activation \['gelu'\] is not supported"),
            ({"position_embedding_type": "relative_key"}, r"config\.json has position_embedding_type = 'relative_key'"),
        ],
    )
    def test_a_config_that_contradicts_the_weights_is_reported(self, tmp_path, change, message):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "config.json", **change)
        with pytest.raises(EncoderError, match=message):
            load_encoder(folder)

    def test_scaled_rotary_positions_are_refused(self, tmp_path):
        folder = copy_checkpoint("qwen3", tmp_path)
        change_json(folder / "config.json", rope_parameters={"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0})
        with pytest.raises(EncoderError, match="scales rotary positions by 'yarn'"):
            load_encoder(folder)


class TestTokenizers:
    def _without(self, name: str, folder: Path, *files: str) -> Path:
        copy = copy_checkpoint(name, folder)
        for file in files:
            (copy / file).unlink()
        return copy

    @pytest.mark.parametrize(("name", "file"), [("bert_plain", "vocab.txt"), ("mistral", "tokenizer.json")])
    def test_a_checkpoint_without_a_tokenizer_is_refused(self, tmp_path, name, file):
        with pytest.raises(EncoderError, match=r"holds no tokenizer that can be read: no tokenizer\.json"):
            load_encoder(self._without(name, tmp_path, file))

    def test_a_tokenizer_of_more_tokens_than_embeddings_is_refused(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        content["model"]["vocab"]["zzzz"] = 300
        (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(EncoderError, match=r"has 301 tokens and 300 embeddings\. Expected an embedding for each"):
            load_encoder(folder)


@pytest.mark.parametrize("options", [{}, {"lora": 2, "mixed_precision": True}])
def test_the_folder_is_not_needed_after_loading(tmp_path, options: dict[str, Any]):
    folder = copy_checkpoint("bert", tmp_path)
    encoder = load_encoder(folder, **options)
    shutil.rmtree(folder)
    vectors = encoder(tf.constant(expected("bert")["texts"])).numpy()
    np.testing.assert_allclose(vectors, expected_vectors("bert"), atol=5e-2 if options else 2e-5)


@pytest.mark.parametrize("name", ["config.json", "modules.json", "1_Pooling/config.json", "tokenizer.json"])
def test_any_file_that_was_cut_off_is_an_error_of_our_own(tmp_path, name):
    folder = copy_checkpoint("bert", tmp_path)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(TfSiameseError):
        load_encoder(folder)
