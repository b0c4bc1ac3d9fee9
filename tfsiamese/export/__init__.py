"""Encoder -> SavedModel or checkpoint, warm-up, serving configuration."""

from tfsiamese.export.checkpoint import export_checkpoint
from tfsiamese.export.corpus import Corpus
from tfsiamese.export.saved_model import export_saved_model
from tfsiamese.export.settings import ExportSettings
from tfsiamese.export.versions import label_version

__all__ = ["Corpus", "ExportSettings", "export_checkpoint", "export_saved_model", "label_version"]
