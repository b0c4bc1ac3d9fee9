"""Files of texts -> vectors on disk: any size, in shards, resumable."""

from tfsiamese.encoding.file_encoding import check_inputs, encode_files
from tfsiamese.encoding.settings import EncodingSettings
from tfsiamese.encoding.stored_vectors import StoredVectors, open_vectors

__all__ = ["EncodingSettings", "StoredVectors", "check_inputs", "encode_files", "open_vectors"]
