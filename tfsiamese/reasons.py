"""What a message quotes of an error that others raised."""

__all__ = ["first_line"]

# TensorFlow's, above what it has to say.
_HEADING = "Graph execution error:"


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or the error's name where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
