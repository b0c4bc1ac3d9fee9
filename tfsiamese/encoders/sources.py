"""From what a user types to an encoder."""

import dataclasses
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfsiamese.encoders.checkpoint import CheckpointEncoder, CheckpointOptions, download_checkpoint, is_checkpoint
from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.saved_model import SavedModelEncoder
from tfsiamese.encoders.use_multilingual import build_use_multilingual
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.files import cache_folder, publish_folder, remove_leftovers
from tfsiamese.reasons import first_line
from tfsiamese.suggestions import did_you_mean

__all__ = ["BUILT_IN_ENCODERS", "CHECKPOINT_FOLDER", "load_encoder"]

_logger = logging.getLogger(__name__)

# The number grows when what is built changes, so that an older cache is not taken for it.
_CACHE_FORMAT = 2
_ONE_DAY = 86_400.0

# Where a run keeps its encoder in the layout of sentence-transformers, if it is one that can be written so.
CHECKPOINT_FOLDER = "sentence-transformers"

BUILT_IN_ENCODERS: dict[str, Callable[[Path], None]] = {"use-multilingual": build_use_multilingual}


def load_encoder(
    source: str | Path, *, freeze: str | Sequence[str] = (), freeze_layers: int | None = None, **options: Any
) -> Encoder:
    """Loads a text encoder that can be called, trained and exported.

    Args:
        source: a built-in name ("use-multilingual"), a SavedModel folder, a folder of numbered versions of one (the
            newest is taken), a checkpoint folder in the layout of sentence-transformers or Hugging Face, a run folder
            that `train` wrote (the checkpoint in it if there is one), a handle "https://tfhub.dev/…" or
            "https://www.kaggle.com/models/…", which is downloaded into TensorFlow Hub's cache, or "hf://owner/name",
            which is downloaded into the Hugging Face Hub's.
        freeze: shell patterns over variable names, or over the beginning of them up to a "/", to keep out of training,
            such as "embedding_table", "embeddings" or "layers/[0-3]".
        freeze_layers: for checkpoints: keep the embeddings and so many of the lower layers out of training.
        **options: for SavedModels `signature` (call this signature instead of `__call__`) and `output_key` (which
            output holds the vectors, where there are several); for checkpoints the attributes of `CheckpointOptions`:
            `max_length`, `mixed_precision`, `dropout`, `lora`.

    Returns:
        An `Encoder`, which is a Keras layer.

    Raises:
        EncoderError: the source is unknown, cannot be loaded, or is no text encoder.
        SettingsError: an option is wrong, or not for this kind of source.

    Example:
        >>> encoder = load_encoder("use-multilingual", freeze="embedding_table")
        >>> encoder.dimension
        512
    """
    if tf.distribute.has_strategy():
        raise EncoderError(
            f"{source} was loaded inside of strategy.scope(). Load it outside, and give the strategy to fit: "
            "fit(…, strategy=strategy) makes a copy of the encoder for each device."
        )
    name = str(source)
    options = {key: value for key, value in options.items() if value is not None}
    folder = _find_folder(name)
    if is_checkpoint(folder):
        known = [field.name for field in dataclasses.fields(CheckpointOptions)]
        _check_options(name, options, known, "checkpoint")
        encoder: Encoder = CheckpointEncoder(folder, name, CheckpointOptions(**options))
    else:
        _check_options(name, options, ("signature", "output_key"), "SavedModel")
        encoder = SavedModelEncoder(folder, name, **options)
    if freeze:
        encoder.freeze(freeze)
    if freeze_layers is not None:
        encoder.freeze_layers(freeze_layers)
    return encoder


def _check_options(source: str, options: dict[str, Any], known: Sequence[str], kind: str) -> None:
    for option in options:
        if option not in known:
            raise SettingsError(
                f"{source} is a {kind}, which has no option {option!r}.{did_you_mean(option, known)} "
                f"Expected one of {', '.join(known)}."
            )


def _find_folder(source: str) -> Path:
    if source in BUILT_IN_ENCODERS:
        return _built_in(source)
    if source.startswith(("https://", "http://")):
        return _download(source)
    if source.startswith("hf://"):
        return download_checkpoint(source)
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.exists():
        raise EncoderError(f"{source} is a file. {_EXPECTED}")
    hint = did_you_mean(source, BUILT_IN_ENCODERS)
    raise EncoderError(f"There is no encoder {source!r}: no folder of that path, no built-in name.{hint} {_EXPECTED}")


_EXPECTED = (
    f"Expected a built-in name ({', '.join(BUILT_IN_ENCODERS)}), a SavedModel folder, a checkpoint folder, a "
    "run folder, or a handle https://tfhub.dev/…, https://www.kaggle.com/models/… or hf://owner/name."
)


def _folder(path: Path) -> Path:
    """Finds the SavedModel or the checkpoint in a folder, a run folder or a folder of versions."""
    if (path / "saved_model.pb").is_file() or (path / "saved_model.pbtxt").is_file():
        return path
    for checkpoint in (path, path / CHECKPOINT_FOLDER):
        if is_checkpoint(checkpoint):
            return checkpoint
    base = path / "encoder" if (path / "encoder").is_dir() else path
    versions = [
        child
        for child in base.iterdir()
        if re.fullmatch(r"[0-9]+", child.name) and (child / "saved_model.pb").is_file()
    ]
    if versions:
        return max(versions, key=lambda version: int(version.name))
    if (path / "config.json").is_file() and ((path / "checkpoints").is_dir() or (path / "history.csv").is_file()):
        raise EncoderError(f"{path} is a run that has not ended: it holds no encoder/. Finish it with train --resume.")
    raise EncoderError(
        f"{path} holds neither a SavedModel (saved_model.pb, or numbered versions) nor a checkpoint. {_EXPECTED}"
    )


def _built_in(name: str) -> Path:
    """The SavedModel of a built-in encoder, built once into the cache; safe with several processes at a time."""
    parent = cache_folder() / "encoders"
    folder = parent / f"{name}-format-{_CACHE_FORMAT}"
    if (folder / "saved_model.pb").is_file():
        return folder
    _logger.info("building the encoder %s once, into %s", name, folder)
    try:
        remove_leftovers(parent, older_than=_ONE_DAY)
        with publish_folder(folder) as temporary:
            BUILT_IN_ENCODERS[name](temporary)
    except FileExistsError:
        _logger.debug("another process built %s in the meantime", folder)
    except OSError as error:
        raise EncoderError(
            f"The encoder {name} (270 MB) cannot be written to {folder}: {error.strerror or error}. "
            "Make room, or name another folder in the environment variable TFSIAMESE_CACHE."
        ) from error
    return folder


def _download(handle: str) -> Path:
    try:
        # Imported here because it takes a second and needs pkg_resources (github.com/tensorflow/hub/issues/934).
        import tensorflow_hub as hub
    except ImportError as error:
        raise EncoderError(
            f"{handle} needs tensorflow_hub, which cannot be imported ({error}). Install setuptools<82."
        ) from error
    try:
        return Path(hub.resolve(handle))
    except Exception as error:  # the resolvers raise whatever their transport raises
        reason = first_line(error)
        raise EncoderError(
            f"{handle} cannot be downloaded: {reason.rstrip('.')}. Check the handle and the network, "
            "or download the SavedModel by hand and give its folder."
        ) from error
