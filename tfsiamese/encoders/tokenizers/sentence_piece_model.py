"""SentencePiece's ModelProto, as far as tokenizers need it: read, and written.

Format: sentencepiece_model.proto (github.com/google/sentencepiece) in protocol buffers' wire encoding.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tfsiamese.errors import EncoderError

__all__ = ["Algorithm", "Piece", "PieceType", "SentencePieceModel", "parse_model", "serialize_bpe"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# A character map without a key. SentencePiece takes none at all as well, but writes a line on stderr whenever it loads.
_NO_CHANGES = struct.pack("<I", 1024) + bytes(1024) + b"\0"


class PieceType(IntEnum):
    """What a piece is for."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class Algorithm(IntEnum):
    """How a model was trained."""

    UNIGRAM = 1
    BPE = 2
    WORD = 3
    CHAR = 4


@dataclass(frozen=True)
class Piece:
    """A token, its score and its type."""

    text: str
    score: float
    type: PieceType


@dataclass(frozen=True)
class SentencePieceModel:
    """What a file *.model holds."""

    pieces: Sequence[Piece]
    algorithm: Algorithm
    charsmap: bytes


def parse_model(serialized: bytes) -> SentencePieceModel:
    """Reads a serialized ModelProto.

    Raises:
        EncoderError: it is none.
    """
    pieces, algorithm, charsmap = [], Algorithm.UNIGRAM, b""
    try:
        for field, value in _fields(serialized):
            if field == 1:
                parts = dict(_fields(value))
                (score,) = struct.unpack("<f", parts.get(2, b"\0\0\0\0"))
                pieces.append(Piece(parts[1].decode("utf-8"), score, PieceType(parts.get(3, 1))))
            elif field == 2:
                algorithm = Algorithm(dict(_fields(value)).get(3, 1))
            elif field == 3:
                charsmap = dict(_fields(value)).get(2, b"")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise EncoderError(f"The SentencePiece model cannot be read ({error}). Expected a ModelProto.") from error
    if not pieces:
        raise EncoderError("The SentencePiece model cannot be read: it holds no pieces. Expected a ModelProto.")
    return SentencePieceModel(pieces, algorithm, charsmap)


def serialize_bpe(pieces: Sequence[Piece], byte_fallback: bool) -> bytes:
    """Writes a BPE model that takes texts as they are: no normalization, no added spaces."""
    parts = [
        _field(1, _field(1, piece.text.encode()) + _float(2, piece.score) + _number(3, piece.type)) for piece in pieces
    ]
    unk_id = next(index for index, piece in enumerate(pieces) if piece.type == PieceType.UNKNOWN)
    nowhere = (1 << 64) - 1  # −1
    trainer = _number(3, Algorithm.BPE) + _number(4, len(pieces)) + _number(35, byte_fallback) + _number(40, unk_id)
    trainer += b"".join(_number(field, nowhere) for field in (41, 42, 43)) + _field(45, pieces[unk_id].text.encode())
    normalizer = _field(1, b"identity") + _field(2, _NO_CHANGES) + b"".join(_number(field, 0) for field in (3, 4, 5))
    return b"".join(parts) + _field(2, trainer) + _field(3, normalizer)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    place = 0
    while place < len(message):
        key, place = _read_varint(message, place)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _read_varint(message, place)
            yield field, value
            continue
        if wire == _BYTES:
            size, place = _read_varint(message, place)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire}")
        if place + size > len(message):
            raise ValueError("it ends too early")
        yield field, message[place : place + size]
        place += size


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, place


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(int(value))


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FIXED32) + struct.pack("<f", value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value
