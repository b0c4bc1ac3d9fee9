"""Encoder -> SavedModel or checkpoint, warm-up, serving configuration."""

from tfsiamese.export.checkpoint import export_checkpoint
from tfsiamese.export.saved_model import export_saved_model

__all__ = ["export_checkpoint", "export_saved_model"]
