"""What a checkpoint's files can say that changes its vectors: followed as sentence-transformers does, or refused."""

import json
import logging

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import change_json, change_tensors, copy_checkpoint, shared
from tfsiamese import export_checkpoint, export_saved_model
from tfsiamese.encoders import load_encoder
from tfsiamese.encoders.transformer import family_of
from tfsiamese.errors import EncoderError, ExportError, SettingsError

TEXTS = ["The nurse reads a book to the patients.", "Ünïcode"]
PLAIN = ("modules.json", "config_sentence_transformers.json", "sentence_bert_config.json")


def test_a_plain_language_model_is_pooled_by_its_last_token_and_written_back_so(tmp_path):
    folder = copy_checkpoint("qwen2", tmp_path)
    for name in PLAIN:
        (folder / name).unlink(missing_ok=True)
    change_json(folder / "config.json", architectures=["Qwen2ForCausalLM"])
    change_json(folder / "tokenizer_config.json", model_max_length=64)
    encoder = load_encoder(folder)
    vectors = encoder.encode(TEXTS)
    # qwen2 normalizes; a plain checkpoint does not.
    np.testing.assert_allclose(tf.math.l2_normalize(vectors, axis=1), shared("qwen2").encode(TEXTS), atol=1e-6)
    written = export_checkpoint(encoder, tmp_path / "written")
    assert json.loads((written / "1_Pooling" / "config.json").read_text())["pooling_mode_lasttoken"] is True
    np.testing.assert_allclose(load_encoder(written).encode(TEXTS), vectors, atol=1e-6)


def test_vectors_are_cut_where_the_checkpoint_says_so(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    change_json(folder / "config_sentence_transformers.json", truncate_dim=8)
    encoder = load_encoder(folder)
    assert encoder.dimension == 8
    np.testing.assert_allclose(encoder.encode(TEXTS), shared("bert").encode(TEXTS)[:, :8], atol=1e-6)


def test_a_length_among_the_tokenizers_arguments_goes_first_until_another_is_asked_for(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    change_json(folder / "sentence_bert_config.json", processor_kwargs={"model_max_length": 4})
    assert load_encoder(folder).max_length == 4
    written = export_checkpoint(load_encoder(folder, max_length=10), tmp_path / "written")
    assert json.loads((written / "sentence_bert_config.json").read_text())["processor_kwargs"] == {}
    assert load_encoder(written).max_length == 10


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("sentence_bert_config.json", {"config_kwargs": {"num_hidden_layers": 1}}, "config_kwargs"),
        ("sentence_bert_config.json", {"query_length": 8}, "query_length = 8"),
        ("sentence_bert_config.json", {"module_output_name": "sentence_embedding"}, "module_output_name"),
        ("config_sentence_transformers.json", {"model_type": "CrossEncoder"}, "CrossEncoder"),
        ("config_sentence_transformers.json", {"truncate_dim": "8"}, "truncate_dim = '8'"),
        ("config_sentence_transformers.json", {"default_prompt_name": "nobody"}, "none of its prompts"),
        ("2_Normalize/config.json", {"module_input_name": "token_embeddings"}, "Expected a module on 'sentence_"),
        ("config.json", {"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name(tmp_path, file, change, message):
    folder = copy_checkpoint("bert", tmp_path)
    path = folder / file
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    change_json(path, **change)
    with pytest.raises(EncoderError, match=message):
        load_encoder(folder)


def test_modules_of_others_and_adapters_are_refused(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"holds an adapter"):
        load_encoder(folder)
    modules[1]["type"] = "my_package.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(EncoderError, match=r"'my_package.Pooling'\. Expected modules of sentence_transformers"):
        load_encoder(folder)


def test_a_folder_is_named_by_its_place_in_the_checkpoint_alone(tmp_path):
    folder = copy_checkpoint("distilbert", tmp_path)
    modules = json.loads((folder / "modules.json").read_text())
    modules[2]["path"] = str(folder / "2_Dense")
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(EncoderError, match="inside the checkpoint"):
        load_encoder(folder)


def test_a_window_on_both_sides_reaches_one_token_farther(tmp_path):
    config = json.loads((copy_checkpoint("mistral", tmp_path) / "config.json").read_text())
    family = family_of(config, "config.json")
    for causal, distance in ((True, 7), (False, 8)):
        configuration = family.configure(family.defaults | config | {"is_causal": causal, "sliding_window": 8})
        assert {layer.max_distance for layer in configuration.layers} == {distance}


def test_scaled_rotary_positions_are_refused_under_the_older_key_too(tmp_path):
    folder = copy_checkpoint("qwen2", tmp_path)
    change_json(folder / "config.json", rope_scaling={"rope_type": "linear", "factor": 4.0})
    with pytest.raises(EncoderError, match="scales rotary positions by 'linear'"):
        load_encoder(folder)


def test_distilbert_is_read_under_the_names_of_other_families(tmp_path):
    folder = copy_checkpoint("distilbert", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    names = {"dim": "hidden_size", "n_heads": "num_attention_heads", "n_layers": "num_hidden_layers"}
    renamed = {names.get(name, name): value for name, value in config.items()}
    (folder / "config.json").write_text(json.dumps(renamed))
    np.testing.assert_allclose(load_encoder(folder).encode(TEXTS), shared("distilbert").encode(TEXTS), atol=1e-6)


def test_layers_that_config_json_leaves_out_are_named(tmp_path, caplog):
    folder = copy_checkpoint("bert", tmp_path)
    change_json(folder / "config.json", num_hidden_layers=1)
    with caplog.at_level(logging.WARNING):
        load_encoder(folder)
    assert "config.json makes no use of 16 tensors: encoder.layer.1." in caplog.text


def test_weights_that_contradict_config_json_are_refused_even_where_they_would_compute(tmp_path):
    folder = copy_checkpoint("qwen2", tmp_path)
    size = json.loads((folder / "config.json").read_text())["intermediate_size"]
    change_json(folder / "config.json", intermediate_size=2 * size)
    with pytest.raises(EncoderError, match=r"layers/0/feed_forward/inner/kernel of the shape"):
        load_encoder(folder)


def test_a_prompt_is_given_by_name_or_as_a_text():
    with pytest.raises(SettingsError, match="both prompt='q: ' and prompt_name='query'"):
        shared("xlm_roberta").encode(TEXTS, prompt="q: ", prompt_name="query")


def test_tokens_are_counted_with_the_default_prompt():
    encoder = shared("qwen2_weighted")
    with_default, without = encoder.num_tokens(TEXTS), encoder.num_tokens(TEXTS, prompt="")
    assert (with_default > without).all()
    assert encoder.num_tokens(["\ud800"]).shape == (1,)


def test_a_custom_loop_drops_other_units_at_every_step():
    encoder = load_encoder(shared("bert").layout.folder, dropout=0.3)
    first, second = encoder(tf.constant(TEXTS), training=True), encoder(tf.constant(TEXTS), training=True)
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "file", "path", "value"),
    [
        ("bert", "tokenizer_config.json", ["cls_token"], 1),
        ("bert", "tokenizer.json", ["added_tokens"], [None]),
        ("bert", "tokenizer.json", ["added_tokens"], [{"id": 0, "content": {}}]),
        ("qwen2", "tokenizer.json", ["model", "vocab", "a"], "abc"),
        ("qwen2", "tokenizer.json", ["model", "vocab", "a"], 10**12),
        ("bert", "config_sentence_transformers.json", ["default_prompt_name"], [1]),
    ],
)
def test_damaged_files_are_answered_in_one_line(tmp_path, name, file, path, value):
    folder = copy_checkpoint(name, tmp_path)
    content = json.loads((folder / file).read_text())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(EncoderError) as raised:
        load_encoder(folder)
    assert "\n" not in str(raised.value)


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    nan = np.float32("nan")
    change_tensors(folder, lambda tensors: {tensor: array * nan for tensor, array in tensors.items()})
    with pytest.raises(EncoderError, match="NaN or infinite"):
        load_encoder(folder)


def test_a_pointer_of_git_lfs_is_named_as_such(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(EncoderError, match="a pointer of Git LFS"):
        load_encoder(folder)


def test_no_saved_model_is_written_into_a_checkpoint(tmp_path):
    folder = copy_checkpoint("bert", tmp_path)
    with pytest.raises(ExportError, match="is a checkpoint"):
        export_saved_model(shared("bert"), folder)
