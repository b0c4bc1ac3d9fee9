import sys

import pytest

from tests.encoders.checkpoint.frozen import CHECKPOINTS
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import EncoderError

huggingface_hub = pytest.importorskip("huggingface_hub", reason="tfsiamese[hf] is not installed")


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, dict]]:
    """What the client was asked for; it answers with a tiny checkpoint."""
    calls: list[tuple[str, dict]] = []

    def snapshot_download(repository: str, **options: object) -> str:
        calls.append((repository, options))
        return str(CHECKPOINTS / "bert")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return calls


def test_a_handle_is_downloaded_by_the_hubs_own_client(asked):
    encoder = load_encoder("hf://sentence-transformers/all-MiniLM-L6-v2", max_length=20)
    ((repository, options),) = asked
    assert repository == "sentence-transformers/all-MiniLM-L6-v2"
    assert options["revision"] is None
    assert encoder.source == "hf://sentence-transformers/all-MiniLM-L6-v2"
    assert (encoder.dimension, encoder.max_length) == (24, 20)


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/pr/7", "0123abcd"])
def test_a_revision_can_be_named(asked, revision):
    load_encoder(f"hf://owner/name@{revision}")
    assert asked[0][0] == "owner/name"
    assert asked[0][1]["revision"] == revision


def test_what_is_read_is_asked_for_and_other_weights_are_not(asked):
    from huggingface_hub.utils import filter_repo_objects

    load_encoder("hf://owner/name")
    patterns = {key: asked[0][1][key] for key in ("allow_patterns", "ignore_patterns")}
    wanted = ["config.json", "modules.json", "1_Pooling/config.json", "2_Dense/model.safetensors", "vocab.txt"]
    wanted += ["model-00001-of-00002.safetensors", "sentencepiece.bpe.model", "README.md", "merges.txt"]
    others = ["pytorch_model.bin", "tf_model.h5", "onnx/model.onnx", "onnx/config.json", "openvino/openvino_model.bin"]
    others += ["flax_model.msgpack", "rust_model.ot", "2_Dense/pytorch_model.bin"]
    assert list(filter_repo_objects(wanted + others, **patterns)) == wanted


@pytest.mark.parametrize(
    "handle",
    ["hf://", "hf://name", "hf://owner/", "hf://owner/name/more", "hf://owner/na me", "hf://owner/name@", "hf:///x"],
)
def test_a_malformed_handle_is_refused(asked, handle):
    with pytest.raises(EncoderError, match=r"is no handle of the Hugging Face Hub\. Expected hf://owner/name\[@revis"):
        load_encoder(handle)
    assert not asked


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("the network is unreachable.\nmore lines"), "the network is unreachable"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_download_that_fails_is_one_line_with_the_reason(monkeypatch, error, reason):
    def fail(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(EncoderError, match=rf"^hf://owner/name cannot be downloaded: {reason}\. Check the") as caught:
        load_encoder("hf://owner/name")
    assert "HF_TOKEN" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_client_that_is_not_installed_is_named_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EncoderError, match=r"needs huggingface_hub, which is not installed\. Install tfsiamese\[hf\]"):
        load_encoder("hf://owner/name")


def test_a_download_that_is_no_checkpoint_is_reported(monkeypatch, tmp_path):
    (tmp_path / "README.md").touch()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tmp_path))
    with pytest.raises(EncoderError, match="hf://owner/name"):
        load_encoder("hf://owner/name")
