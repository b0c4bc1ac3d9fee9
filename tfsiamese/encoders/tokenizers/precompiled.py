"""SentencePiece's precompiled character map, as Hugging Face's tokenizers apply it.

They look up whole grapheme clusters of fewer than six bytes, of which the first match replaces all, and otherwise
single characters; SentencePiece itself takes the longest match. Format of the map: a double array
(github.com/s-yata/darts-clone) from UTF-8 to offsets into a list of replacements that end in NUL.
"""

import base64
import binascii
import struct
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import NUM_CODE_POINTS
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable, PairTable, Replacements
from tfsiamese.encoders.tokenizers.code_points import CodePoints, Step, after
from tfsiamese.encoders.tokenizers.graphemes import GraphemeStarts
from tfsiamese.errors import EncoderError

__all__ = ["ReplaceClusters", "read_charsmap"]

_MAX_BYTES = 5  # of a grapheme cluster that is looked up as a whole
_NOTHING = 1  # the entry of the empty text


def read_charsmap(charsmap: str) -> dict[str, str]:
    """Reads the keys of at most five bytes, which are all that Hugging Face's tokenizers ever look up.

    Args:
        charsmap: `precompiled_charsmap` of a tokenizer.json, base64.

    Returns:
        What takes the place of each key.

    Raises:
        EncoderError: the map is damaged.
    """
    units, replacements = _parts(charsmap)
    found = {}
    labels = np.arange(1, 256)
    nodes, names = np.array([_offset(units[0])]), [b""]
    for _ in range(_MAX_BYTES):
        children = nodes[:, np.newaxis] ^ labels
        inside = children < len(units)
        reached = units[np.where(inside, children, 0)]
        rows, columns = np.nonzero(inside & (reached & 0x800000FF == labels))
        taken = reached[rows, columns]
        nodes = children[rows, columns] ^ _offset(taken)
        names = [names[row] + bytes([labels[column]]) for row, column in zip(rows, columns, strict=True)]
        for place in np.flatnonzero(taken >> 8 & 1):
            if nodes[place] >= len(units):
                raise _damaged()
            found[names[place]] = _text_at(replacements, int(units[nodes[place]] & 0x7FFFFFFF))
    return {key.decode("utf-8"): value for key, value in found.items()}


class ReplaceClusters(Step):
    """Replaces characters and short grapheme clusters.

    Args:
        changes: from one or two characters to their replacement; longer keys of which a beginning is a key never match.

    Raises:
        EncoderError: a key of three characters or more could match.
    """

    def __init__(self, changes: Mapping[str, str]):
        super().__init__()
        pairs = {key: value for key, value in changes.items() if len(key) > 1 and key[0] not in changes}
        long = [key for key in pairs if len(key) > 2 and key[:2] not in pairs]
        if long:
            raise EncoderError(
                f"The tokenizer's character map replaces {long[0]!r}, which is not supported; expected one or two "
                "characters."
            )
        pairs = {key: value for key, value in pairs.items() if len(key) == 2}
        singles = {key: value for key, value in changes.items() if len(key) == 1}
        texts = ["", *sorted({*singles.values(), *pairs.values()} - {""})]
        entry_of = {text: entry for entry, text in enumerate(texts, 1)}
        entries = np.zeros(NUM_CODE_POINTS, np.int32)
        for key, value in singles.items():
            entries[ord(key)] = entry_of[value]
        self._entries = CodePointTable(entries)
        self._pairs = PairTable({(ord(key[0]), ord(key[1])): entry_of[value] for key, value in pairs.items()})
        self._replacements = Replacements([tuple(map(ord, text)) for text in texts])
        self._grapheme_starts = GraphemeStarts()

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        starts = self._grapheme_starts(codes)
        single = self._entries(codes.values)
        entries = tf.cond(tf.reduce_all(starts), lambda: single, lambda: self._with_clusters(codes, starts, single))
        return tf.cond(tf.reduce_any(entries != 0), lambda: self._replacements(codes, entries), lambda: codes)

    def _with_clusters(self, codes: CodePoints, starts: tf.Tensor, single: tf.Tensor) -> tf.Tensor:
        """The entry of each character, where short grapheme clusters have the entry of their first match alone."""
        values = codes.values
        cluster = tf.cumsum(tf.cast(starts, tf.int32)) - 1
        num_bytes = 1 + sum(tf.cast(values >= limit, tf.int32) for limit in (0x80, 0x800, 0x10000))
        short = tf.gather(tf.math.segment_sum(num_bytes, cluster), cluster) <= _MAX_BYTES
        several = ~after(starts, True)
        pair = self._pairs(values, after(values, 0))
        first = tf.where(starts & several & short, tf.where(single != 0, single, pair), 0)
        whole = tf.gather(tf.math.segment_max(first, cluster), cluster)
        return tf.where(whole == 0, single, tf.where(starts, whole, _NOTHING))


def _parts(charsmap: str) -> tuple[np.ndarray, bytes]:
    """The units of the double array, int64 [num_units], and the list of replacements."""
    try:
        content = base64.b64decode(charsmap, validate=True)
        (num_bytes,) = struct.unpack_from("<I", content)
    except (binascii.Error, struct.error, TypeError, ValueError) as error:
        raise _damaged() from error
    if num_bytes % 4 or not 4 <= num_bytes <= len(content) - 4:
        raise _damaged()
    return np.frombuffer(content, "<u4", num_bytes // 4, 4).astype(np.int64), content[4 + num_bytes :]


def _offset(units: np.ndarray) -> np.ndarray:
    return (units >> 10) << ((units & 1 << 9) >> 6)


def _text_at(replacements: bytes, start: int) -> str:
    end = replacements.find(b"\0", start)
    try:
        return replacements[start : len(replacements) if end < 0 else end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged() from error


def _damaged() -> EncoderError:
    return EncoderError(
        "The tokenizer's precompiled character map is damaged; expected base64 of a double array and its replacements. "
        "Get the tokenizer.json again."
    )
