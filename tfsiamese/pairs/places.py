"""Where rows are from, for messages."""

from collections.abc import Sequence

from tfsiamese.pairs.stored_examples import AnyExamples, StoredExamples

__all__ = ["places_of"]


def places_of(examples: AnyExamples, rows: Sequence[int]) -> list[tuple[str, int]]:
    """The file and the line that each of some rows starts at, [n]."""
    if isinstance(examples, StoredExamples):
        return examples.where(rows)
    frame = examples.frame.iloc[list(rows)]
    files = frame["file"].tolist() if "file" in frame else [examples.source] * len(frame)
    return list(zip(files, frame["line"].tolist(), strict=True))
