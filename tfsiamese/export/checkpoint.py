"""Writes a fine-tuned checkpoint back, for sentence-transformers and for others who read its layout."""

import os
from pathlib import Path

from tfsiamese.encoders import CheckpointEncoder, Encoder, write_checkpoint
from tfsiamese.errors import ExportError
from tfsiamese.files import publish_folder
from tfsiamese.siamese import Siamese

__all__ = ["export_checkpoint"]


def export_checkpoint(encoder: Encoder | Siamese, folder: str | os.PathLike[str]) -> Path:
    """Writes an encoder as `folder` in the layout of sentence-transformers; it appears complete or not at all.

    The folder holds `modules.json`, the tokenizer and configuration that the checkpoint was loaded with, and the
    weights as float32 in safetensors, adapters merged into them. `SentenceTransformer(folder)` gives the same vectors,
    and `load_encoder(folder)` trains it further.

    Args:
        encoder: an encoder that was loaded from a checkpoint, or a siamese model of one.
        folder: must not exist yet.

    Returns:
        The folder.

    Raises:
        ExportError: the encoder is no checkpoint, the folder exists or cannot be written.

    Example:
        >>> export_checkpoint(encoder, "models/jobs-minilm")
        PosixPath('models/jobs-minilm')
    """
    encoder = encoder.encoder if isinstance(encoder, Siamese) else encoder
    if not isinstance(encoder, CheckpointEncoder):
        raise ExportError(
            f"{encoder.source} was not loaded from a checkpoint in the layout of sentence-transformers or Hugging "
            "Face, so that it cannot be written in it. Use export_saved_model (--format saved-model)."
        )
    target = Path(folder)
    if target.exists():
        raise ExportError(f"{target} exists, and nothing is overwritten. Choose another folder.")
    try:
        with publish_folder(target) as temporary:
            write_checkpoint(temporary, encoder)
    except FileExistsError:
        raise ExportError(f"{target} was written by another export in the meantime. Nothing was changed.") from None
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror or error}. Choose another folder.") from error
    return target
