"""One transformer on flat tokens for the BERT family and for decoders; a configuration says what differs."""

from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.encoders.transformer.families import FAMILIES, Family, family_of
from tfsiamese.encoders.transformer.lora import LoraSettings
from tfsiamese.encoders.transformer.network import Transformer

__all__ = ["FAMILIES", "Family", "LoraSettings", "Transformer", "TransformerConfiguration", "family_of"]
