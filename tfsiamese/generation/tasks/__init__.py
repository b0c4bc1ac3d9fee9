"""What writers are asked for, and what becomes of their answers."""

from tfsiamese.generation.tasks.answers import BrokenAnswerError, read_answer
from tfsiamese.generation.tasks.prompt import Prompt, default_prompt, read_prompt
from tfsiamese.generation.tasks.schema import answer_schema
from tfsiamese.generation.tasks.task import TASKS, Task, get_task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = [
    "TASKS",
    "BrokenAnswerError",
    "Prompt",
    "Task",
    "WrittenPair",
    "answer_schema",
    "default_prompt",
    "get_task",
    "read_answer",
    "read_prompt",
]
