"""Hugging Face's tokenizers rebuilt as TensorFlow graphs: strings in, the same ids out."""

from tfsiamese.encoders.tokenizers.tokenizer import Tokenizer, Tokens
from tfsiamese.encoders.tokenizers.tokenizer_files import read_tokenizer

__all__ = ["Tokenizer", "Tokens", "read_tokenizer"]
