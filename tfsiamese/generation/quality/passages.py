"""The text that a question is about."""

from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["passage_of"]


def passage_of(pair: WrittenPair, task: Task) -> str:
    """What the left text has to find: the right text where it is a passage, the chunk where it is a written answer."""
    return pair.chunk.text if task.fields[1] else pair.right
