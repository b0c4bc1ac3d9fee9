"""Makes SentencePiece's precompiled character maps for the scripts that freeze what Hugging Face's tokenizers does."""

import struct
from collections.abc import Mapping

__all__ = ["make_charsmap"]


def make_charsmap(changes: Mapping[bytes, str]) -> bytes:
    """A precompiled character map: a double array (darts-clone's units) whose nodes lie 256 units apart.

    Args:
        changes: what takes the place of each key. Keys are bytes of UTF-8, and need not be whole characters.
    """
    replacements, offsets = b"", {}
    for value in sorted(set(changes.values())):
        offsets[value] = len(replacements)
        replacements += value.encode() + b"\0"
    nodes: dict[bytes, int] = {b"": 0}
    for key in sorted(changes):
        for size in range(1, len(key) + 1):
            nodes.setdefault(key[:size], len(nodes))
    units = [0] * (256 * (len(nodes) + 1))

    def unit(name: bytes, place: int) -> int:
        offset = place ^ (256 * (nodes[name] + 1))
        # Offsets of 2^21 and more would need the extension bit.
        return offset << 10 | (1 << 8 if name in changes else 0) | (name[-1] if name else 0)

    for name in nodes:
        place = 0 if not name else 256 * (nodes[name[:-1]] + 1) ^ name[-1]
        units[place] = unit(name, place)
        if name in changes:
            units[256 * (nodes[name] + 1)] = 1 << 31 | offsets[changes[name]]
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + replacements
