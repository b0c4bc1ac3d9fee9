"""What a writer is told: a text file with places for the chunk."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.tasks.task import Task
from tfsiamese.suggestions import did_you_mean

__all__ = ["Prompt", "default_prompt", "read_prompt"]

_PLACES = ("passage", "headings", "title", "source", "language", "num_pairs")
# A word in braces; the braces of JSON in an example have quotation marks behind them.
_PLACE = re.compile(r"\{([A-Za-z_]+)\}")
_SEPARATOR = re.compile(r"^---[ \t]*$", re.MULTILINE)

_CHUNKS_OWN_LANGUAGE = "in the language of the passage"


@dataclass(frozen=True)
class Prompt:
    """Two texts in which {passage}, {headings}, {title}, {source}, {language} and {num_pairs} are filled in.

    Attributes:
        instructions: the system's part, above the line `---`; "" where there is no such line.
        message: the user's part; one of the two holds {passage}.
    """

    instructions: str
    message: str

    def filled_in(self, chunk: Chunk, num_pairs: int, language: str | None) -> tuple[str, str]:
        """Instructions and message for a chunk.

        Args:
            chunk: its text stands at {passage}.
            num_pairs: how many pairs are asked for.
            language: the name of the language to write in, in English; None for the chunk's own.
        """
        values = {
            "passage": chunk.text,
            "headings": _place_in_document(chunk),
            "title": chunk.title,
            "source": chunk.source,
            "language": _CHUNKS_OWN_LANGUAGE if language is None else f"in {language}",
            "num_pairs": str(num_pairs),
        }
        return _filled_in(self.instructions, values), _filled_in(self.message, values)


def default_prompt(task: Task) -> str:
    """The text of the prompt that comes with the package, to be edited."""
    return (Path(__file__).with_name("prompts") / f"{task.name}.md").read_text(encoding="utf-8")


def read_prompt(task: Task, path: str | os.PathLike[str] | None = None) -> Prompt:
    """Reads a prompt.

    Args:
        task: decides which prompt is the default.
        path: a text file of your own in UTF-8; None for the default.

    Raises:
        DataError: the file cannot be read, has no place for the passage, or has an unknown one.
    """
    if path is None:
        return _parse(default_prompt(task), task.name)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8. Save the prompt as UTF-8.") from error
    return _parse(text, str(path))


def _parse(text: str, source: str) -> Prompt:
    for place in _PLACE.findall(text):
        if place not in _PLACES:
            known = ", ".join(f"{{{name}}}" for name in _PLACES)
            raise DataError(
                f"{source}: {{{place}}} is no place in a prompt. Expected {known}.{did_you_mean(place, _PLACES)}"
            )
    if "{passage}" not in text:
        raise DataError(f"{source}: the prompt has no {{passage}}. Put it where the chunk's text is to stand.")
    parts = _SEPARATOR.split(text, maxsplit=1)
    instructions, message = parts if len(parts) == 2 else ("", parts[0])
    if not message.strip():
        raise DataError(f"{source}: nothing stands below the line ---. Expected the message that holds the passage.")
    return Prompt(instructions.strip(), message.strip())


def _filled_in(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place.group(1)], text)


def _place_in_document(chunk: Chunk) -> str:
    names = [chunk.title] if chunk.title and chunk.title not in chunk.headings else []
    return " > ".join([*names, *chunk.headings]) or chunk.source
