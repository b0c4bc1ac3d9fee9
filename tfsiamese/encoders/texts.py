"""How many of the texts that an encoder is given are cut."""

import numpy as np

__all__ = ["describe_cut_texts"]


def describe_cut_texts(num_tokens: np.ndarray, max_length: int | None) -> str:
    """How many texts are longer than an encoder reads, in a few words; empty where none is."""
    num_cut = 0 if max_length is None else int(np.count_nonzero(num_tokens > max_length))
    if not num_cut:
        return ""
    return (
        f"{num_cut:,} of {len(num_tokens):,} texts were cut at {max_length} tokens; the longest has "
        f"{int(num_tokens.max()):,}"
    )
