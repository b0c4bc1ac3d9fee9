"""Text -> embedding: the Encoder contract and its sources."""

from tfsiamese.encoders import backend  # noqa: F401  checked before Keras is imported
from tfsiamese.encoders.checkpoint import CheckpointEncoder, CheckpointOptions, is_checkpoint, write_checkpoint
from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.reusable import (
    DECODED_ATTRIBUTE,
    EncodingFunction,
    MoreSignatures,
    ReusableParts,
    write_reusable_saved_model,
)
from tfsiamese.encoders.saved_model import SavedModelEncoder
from tfsiamese.encoders.sources import BUILT_IN_ENCODERS, CHECKPOINT_FOLDER, load_encoder
from tfsiamese.encoders.texts import describe_cut_texts
from tfsiamese.encoders.transformer import LoraSettings

__all__ = [
    "BUILT_IN_ENCODERS",
    "CHECKPOINT_FOLDER",
    "DECODED_ATTRIBUTE",
    "CheckpointEncoder",
    "CheckpointOptions",
    "Encoder",
    "EncodingFunction",
    "LoraSettings",
    "MoreSignatures",
    "ReusableParts",
    "SavedModelEncoder",
    "describe_cut_texts",
    "is_checkpoint",
    "load_encoder",
    "write_checkpoint",
    "write_reusable_saved_model",
]
