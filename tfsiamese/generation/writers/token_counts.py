"""Reads what services say of tokens."""

import math

__all__ = ["token_count"]


def token_count(said: object) -> int:
    """A count of tokens, from 0; 0 for all that is no number."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return 0
    if isinstance(said, float) and not math.isfinite(said):
        return 0
    return max(0, int(said))
