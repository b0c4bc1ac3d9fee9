"""Documents -> pieces that pairs are written from."""

from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.chunks.chunked_document import ChunkedDocument, LeftOut
from tfsiamese.generation.chunks.chunking import chunk_document
from tfsiamese.generation.chunks.measuring import CountTokens
from tfsiamese.generation.chunks.sentences import split_sentences
from tfsiamese.generation.chunks.settings import ChunkSettings

__all__ = ["Chunk", "ChunkSettings", "ChunkedDocument", "CountTokens", "LeftOut", "chunk_document", "split_sentences"]
