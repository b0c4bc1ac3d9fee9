"""Weights in fewer bits."""

from tfsiamese.export.compression.compression import compress
from tfsiamese.export.compression.stored_weight import StoredWeight, stored_weight
from tfsiamese.export.compression.weight_formats import PRECISIONS

__all__ = ["PRECISIONS", "StoredWeight", "compress", "stored_weight"]
