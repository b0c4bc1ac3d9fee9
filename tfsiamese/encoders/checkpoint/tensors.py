"""The tensors of a checkpoint folder, in one safetensors file or several."""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes  # noqa: F401  gives NumPy the type bfloat16
import numpy as np
from safetensors import SafetensorError, safe_open

from tfsiamese.encoders.json_files import read_object
from tfsiamese.errors import EncoderError

__all__ = ["TensorFiles"]

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_FLOATS = ("F64", "F32", "F16", "BF16")
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model.pt")


class TensorFiles:
    """The tensors that lie in `model.safetensors` or in the files that its index names.

    Args:
        folder: of the checkpoint or of one of its modules.

    Raises:
        EncoderError: there are none, they are pickled, or a file is damaged.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.paths = _find_files(folder)
        self._place_of: dict[str, tuple[Path, str]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        for path in self.paths:
            with _open(path) as file:
                for name in file.keys():  # noqa: SIM118  not a dictionary
                    current = _current_name(name)
                    self._place_of[current] = path, name
                    self.shapes[current] = tuple(file.get_slice(name).get_shape())

    def read(self, name: str) -> np.ndarray:
        """A tensor, as float32.

        Raises:
            EncoderError: it does not hold floats.
        """
        path, own_name = self._place_of[name]
        with _open(path) as file:
            kind = file.get_slice(own_name).get_dtype()
            if kind not in _FLOATS:
                raise EncoderError(
                    f"The tensor {name} in {path} is of type {kind}. Expected {', '.join(_FLOATS)}; quantized "
                    "checkpoints are not supported."
                )
            return file.get_tensor(own_name).astype(np.float32)

    def fingerprint(self) -> str:
        """A digest of the files."""
        digest = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        return digest.hexdigest()


def _current_name(name: str) -> str:
    """Norms of the first checkpoints have a gamma and a beta."""
    for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _find_files(folder: Path) -> list[Path]:
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    if (folder / _INDEX).is_file():
        names = read_object(folder / _INDEX).get("weight_map")
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise EncoderError(f"{folder / _INDEX} has no weight_map from tensors to files.")
        files = sorted(set(names.values()))
        # The files themselves can be links, as in the cache of the Hugging Face Hub.
        missing = [name for name in files if Path(name).name != name or not (folder / name).is_file()]
        if missing:
            raise EncoderError(f"{folder} lacks {', '.join(missing)}, which its {_INDEX} names. Download it again.")
        return [folder / name for name in files]
    pickled = [name for name in _PICKLED if (folder / name).exists()]
    if pickled:
        raise EncoderError(
            f"{folder} has its weights in {pickled[0]} only. A pickle can run any code when it is loaded, so it is not "
            f"read. Expected {_SINGLE}: save the model with safe_serialization=True in sentence-transformers or "
            "transformers, or take a revision that has it."
        )
    raise EncoderError(f"{folder} holds no weights: neither {_SINGLE} nor {_INDEX}. Expected a whole checkpoint.")


@contextlib.contextmanager
def _open(path: Path) -> Iterator[safe_open]:
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as error:
        if _is_lfs_pointer(path):
            raise EncoderError(
                f"{path} is a pointer of Git LFS, not the file itself. Fetch it with `git lfs pull`, or download it."
            ) from error
        raise EncoderError(f"{path} cannot be read: {error}. Expected a whole file; download it again.") from error


def _is_lfs_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(23) == b"version https://git-lfs"
    except OSError:
        return False
