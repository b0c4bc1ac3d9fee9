"""One shared encoder, several inputs, a head."""

from tfsiamese.siamese.siamese import HEADS, Siamese, SimilarityHead, TwinEncoder

__all__ = ["HEADS", "Siamese", "SimilarityHead", "TwinEncoder"]
