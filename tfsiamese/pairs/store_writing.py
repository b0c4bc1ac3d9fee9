"""Writes examples into a store, in the memory of a few thousand rows."""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from tfsiamese.pairs.store import DTYPES, FORMAT, META_FILE
from tfsiamese.pairs.text_hashes import text_hashes

__all__ = ["StoreWriter"]


class StoreWriter:
    """Appends checked rows to the files of a store; to be closed with `with`.

    Args:
        folder: is there and empty.
        shape: "pairs" or "triplets".
    """

    def __init__(self, folder: Path, shape: str):
        self._folder = folder
        self._shape = shape
        self._stack = contextlib.ExitStack()
        self._files: dict[str, BinaryIO] = {}
        self._digests: dict[str, Any] = {}
        self._num_bytes = {"texts": 0, "groups": 0}
        self._num_texts = 0
        self.num_rows = 0

    def __enter__(self) -> "StoreWriter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Appends rows, in the columns of `Pairs.frame` or `Triplets.frame`."""
        texts: Iterable[str]
        if self._shape == "pairs":
            texts = itertools.chain.from_iterable(zip(frame["left"], frame["right"], strict=True))
            self._append("scores.f64", frame["score"].to_numpy())
        else:
            texts = self._texts_of_triplets(frame)
        self._num_texts += self._append_texts("texts", "offsets.i64", "hashes.u64", texts)
        self._append("lines.i64", frame["line"].to_numpy())
        self.num_rows += len(frame)

    def finish(self, details: dict[str, Any]) -> None:
        """Closes the files and writes what belongs to all of them, with these details."""
        self._append("offsets.i64", [self._num_bytes["texts"]])
        if self._shape == "triplets":
            self._append("splits.i64", [self._num_texts])
        if "group_offsets.i64" in self._files:
            self._append("group_offsets.i64", [self._num_bytes["groups"]])
        self._stack.close()
        sizes = {name: (self._folder / name).stat().st_size for name in self._files}
        meta = {"format": FORMAT, "shape": self._shape, "rows": self.num_rows, "texts": self._num_texts}
        meta |= {"fingerprint": self._fingerprint(), "sizes": sizes} | details
        (self._folder / META_FILE).write_text(json.dumps(meta), encoding="utf-8")

    def _texts_of_triplets(self, frame: pd.DataFrame) -> Iterable[str]:
        negatives = frame["negatives"].tolist()
        counts = np.fromiter(map(len, negatives), np.int64, len(negatives)) + 2
        self._append("splits.i64", self._num_texts + np.cumsum(counts) - counts)
        if "scores" in frame:
            self._append("scores.f64", list(itertools.chain.from_iterable(frame["scores"])))
        if "group" in frame:
            self._append_texts("groups", "group_offsets.i64", "group_hashes.u64", frame["group"])
        rows = zip(frame["anchor"], frame["positive"], negatives, strict=True)
        return itertools.chain.from_iterable((anchor, positive, *rest) for anchor, positive, rest in rows)

    def _append_texts(self, name: str, offsets: str, hashes: str, texts: Iterable[str]) -> int:
        encoded = [text.encode() for text in texts]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        self._append(offsets, self._num_bytes[name] + np.cumsum(lengths) - lengths)
        self._append(hashes, text_hashes(encoded))
        self._write(f"{name}.bin", b"".join(encoded))
        self._num_bytes[name] += int(lengths.sum())
        return len(encoded)

    def _append(self, name: str, values: Any) -> None:
        self._write(name, np.asarray(values, DTYPES[name]).tobytes())

    def _write(self, name: str, content: bytes) -> None:
        if name not in self._files:
            self._files[name] = self._stack.enter_context((self._folder / name).open("wb"))
            self._digests[name] = hashlib.sha256()
        self._files[name].write(content)
        self._digests[name].update(content)

    def _fingerprint(self) -> str:
        """SHA-256 over what is in the files, but for where it came from."""
        digest = hashlib.sha256(self._shape.encode())
        for name in sorted(self._digests.keys() - {"lines.i64"}):
            digest.update(f"{name} {self._digests[name].hexdigest()}".encode())
        return digest.hexdigest()
