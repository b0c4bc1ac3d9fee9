"""Checkpoints from the Hugging Face Hub, through its own client and cache."""

import re
from pathlib import Path

from tfsiamese.errors import EncoderError
from tfsiamese.reasons import first_line

__all__ = ["download_checkpoint"]

_HANDLE = re.compile(r"hf://(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")

# All that is read; other weights of the same model, in formats that are not, can be many times as large.
_WANTED = ["*.json", "model*.safetensors", "*/model*.safetensors", "*.txt", "*.model", "*.md", "*.jinja"]
_WANTED += ["LICENSE*", "NOTICE*"]
_UNWANTED = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*"]


def download_checkpoint(handle: str) -> Path:
    """Downloads what is not in the cache yet, and returns the folder.

    Args:
        handle: "hf://owner/name", or "hf://owner/name@revision" for a branch, tag or commit.

    Raises:
        EncoderError: the handle is malformed, huggingface_hub is not installed, or the download fails.
    """
    match = _HANDLE.fullmatch(handle)
    if match is None:
        raise EncoderError(f"{handle} is no handle of the Hugging Face Hub. Expected hf://owner/name[@revision].")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise EncoderError(
            f"{handle} needs huggingface_hub, which is not installed. Install tfsiamese[hf], or download the "
            "checkpoint by hand and give its folder."
        ) from error
    try:
        folder = snapshot_download(
            match["repository"], revision=match["revision"], allow_patterns=_WANTED, ignore_patterns=_UNWANTED
        )
    except Exception as error:  # the client raises whatever its transport raises
        reason = first_line(error)
        raise EncoderError(
            f"{handle} cannot be downloaded: {reason.rstrip('.')}. Check the name, the network and, for a private "
            "repository, HF_TOKEN; or download the checkpoint by hand and give its folder."
        ) from error
    if not any(Path(folder).rglob("model*.safetensors")):
        raise EncoderError(
            f"{handle} has no weights in safetensors. Pickled ones can run any code when they are loaded, so they are "
            "not read. Save the model with safe_serialization=True in sentence-transformers and give that folder, or "
            "name a revision that has model.safetensors (hf://owner/name@refs/pr/…)."
        )
    return Path(folder)
