"""What rows of triplets say is relevant to a text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfsiamese.pairs import Triplets

__all__ = ["relevant_texts"]


def relevant_texts(queries: Iterable[str], examples: "Sequence[Triplets]") -> Iterator[tuple[str, list[str]]]:
    """Finds the texts that belong to each query.

    These are the positives of all rows of which the query is the anchor, and all anchors and positives of each group
    that the query is in, be it as an anchor or as a positive; so it may be among them itself. A group is one thing
    wherever its name stands.

    Args:
        queries: any texts.
        examples: rows, with or without groups.

    Yields:
        Each query, in their order, with the distinct texts that belong to it.
    """
    # Dicts as sets that keep the order, so that the result does not change from run to run.
    positives: dict[str, dict[str, None]] = {}
    members: dict[str, dict[str, None]] = {}
    groups_of: dict[str, dict[str, None]] = {}
    for rows in examples:
        for anchor, positive in zip(rows.anchors, rows.positives, strict=True):
            positives.setdefault(anchor, {})[positive] = None
        if rows.groups is None:
            continue
        for group, *texts in zip(rows.groups, rows.anchors, rows.positives, strict=True):
            for text in texts:
                members.setdefault(group, {})[text] = None
                groups_of.setdefault(text, {})[group] = None
    for query in queries:
        found = dict(positives.get(query, {}))
        for group in groups_of.get(query, ()):
            found |= members[group]
        yield query, list(found)
