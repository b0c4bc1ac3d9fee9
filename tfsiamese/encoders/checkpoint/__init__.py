"""Checkpoints in the layouts of sentence-transformers and Hugging Face: read, run, trained, written back."""

from tfsiamese.encoders.checkpoint.download import download_checkpoint
from tfsiamese.encoders.checkpoint.encoder import CheckpointEncoder
from tfsiamese.encoders.checkpoint.layout import is_checkpoint
from tfsiamese.encoders.checkpoint.options import CheckpointOptions
from tfsiamese.encoders.checkpoint.writing import write_checkpoint

__all__ = ["CheckpointEncoder", "CheckpointOptions", "download_checkpoint", "is_checkpoint", "write_checkpoint"]
