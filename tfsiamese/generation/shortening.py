"""Texts that fit into a line of a message."""

__all__ = ["shortened"]


def shortened(text: str, length: int) -> str:
    r"""A text on one line, cut where it is too long.

    Args:
        text: of any length; runs of white space become one blank.
        length: the most characters, the … of a text that was cut included; 1 or more.

    Example:
        >>> shortened("one\ntwo three", 9)
        'one two…'
    """
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
