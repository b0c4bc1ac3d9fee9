"""Text -> embedding: the Encoder contract and its sources."""

from tfsiamese.encoders import backend  # noqa: F401  checked before Keras is imported
from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.reusable import write_reusable_saved_model
from tfsiamese.encoders.saved_model import SavedModelEncoder
from tfsiamese.encoders.sources import BUILT_IN_ENCODERS, load_encoder

__all__ = ["BUILT_IN_ENCODERS", "Encoder", "SavedModelEncoder", "load_encoder", "write_reusable_saved_model"]
