"""From Hugging Face's BPE, a list of merges, to SentencePiece's, a score for each piece.

SentencePiece merges any two neighbours that make a piece, best score first. That is the same only if every two pieces
that make a piece are also a merge, and if all merges that make one piece have neighbouring ranks.
"""

from collections.abc import Iterator, Mapping, Sequence

from tfsiamese.encoders.tokenizers.sentence_piece_model import Piece, PieceType
from tfsiamese.errors import EncoderError

__all__ = ["byte_fallback_pieces"]


def byte_fallback_pieces(vocab: Mapping[str, int], merges: Sequence[Sequence[str] | str]) -> list[Piece]:
    """The pieces of a SentencePiece model with the same ids.

    Args:
        vocab: token to id.
        merges: pairs of tokens, or texts "left right", the most urgent first.

    Raises:
        EncoderError: the ids have gaps, a byte has no token, or the merges cannot be said by scores.
    """
    tokens = sorted(vocab, key=lambda token: vocab[token])
    if [vocab[token] for token in tokens] != list(range(len(tokens))):
        raise EncoderError("The tokenizer's vocabulary has gaps in its ids, which is not supported with SentencePiece.")
    bytes_of = {f"<0x{byte:02X}>" for byte in range(256)}
    missing = sorted(bytes_of - vocab.keys())
    if missing:
        raise EncoderError(f"The tokenizer falls back to bytes but has no token for {missing[0]}; expected all 256.")
    ranks = _ranks(vocab, merges, bytes_of)
    return [_piece(token, ranks, bytes_of) for token in tokens]


def _ranks(vocab: Mapping[str, int], merges: Sequence[Sequence[str] | str], bytes_of: set[str]) -> dict[str, int]:
    """The rank of each merged token: the number of tokens that are merged before it."""
    ranks: dict[str, int] = {}
    pairs = set()
    last = None
    for left, right in map(_pair, merges):
        merged = left + right
        if not {left, right, merged} <= vocab.keys() or not bytes_of.isdisjoint((left, right, merged)):
            raise EncoderError(
                f"The tokenizer merges {left!r} and {right!r}, which is not supported: one is not a piece."
            )
        if merged != last and merged in ranks:
            raise EncoderError(
                f"The tokenizer makes {merged!r} by merges of very different rank, which SentencePiece cannot. "
                "Tokenizers that transformers converted from a SentencePiece model are supported."
            )
        ranks.setdefault(merged, len(ranks))
        pairs.add((left, right))
        last = merged
    for left, right in _pairs_of_pieces(vocab, ranks):
        if (left, right) not in pairs:
            raise EncoderError(
                f"The tokenizer does not merge {left!r} and {right!r} though {left + right!r} is a piece, which "
                "SentencePiece would. Tokenizers that transformers converted from a SentencePiece model are supported."
            )
    return ranks


def _pair(merge: Sequence[str] | str) -> Sequence[str]:
    pair = merge.split(" ") if isinstance(merge, str) else merge
    if len(pair) != 2:
        raise EncoderError(f"The tokenizer's merge {merge!r} is not a pair of tokens.")
    return pair


def _pairs_of_pieces(vocab: Mapping[str, int], ranks: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """All ways to make a merged token of two that can come up."""
    reachable = {token for token in vocab if len(token) == 1 or token in ranks}
    for token in ranks:
        for cut in range(1, len(token)):
            if token[:cut] in reachable and token[cut:] in reachable:
                yield token[:cut], token[cut:]


def _piece(token: str, ranks: Mapping[str, int], bytes_of: set[str]) -> Piece:
    if token in bytes_of:
        return Piece(token, 0.0, PieceType.BYTE)
    if token in ranks:
        return Piece(token, -float(ranks[token]), PieceType.NORMAL)
    # A single character scores only where it is merged with nothing; what is neither is found in no text.
    return Piece(token, 0.0, PieceType.NORMAL if len(token) == 1 else PieceType.CONTROL)
