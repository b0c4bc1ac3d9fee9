"""What a message suggests in place of an unknown word."""

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """What a message adds to an unknown word: the most similar known one as a question, or nothing."""
    matches = difflib.get_close_matches(str(word), list(known), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
