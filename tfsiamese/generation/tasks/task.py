"""What is asked of a writer, and what its answers become."""

from dataclasses import dataclass

from tfsiamese.errors import SettingsError
from tfsiamese.suggestions import did_you_mean

__all__ = ["SCORE_FIELD", "TASKS", "Task", "get_task"]

SCORE_FIELD = "score"


@dataclass(frozen=True)
class Task:
    """A kind of pair.

    Attributes:
        name: as in `--task`.
        columns: of the output that hold texts and scores, with names that `read_examples` knows.
        fields: of one item of a writer's answer, in the order of `columns`; "" where the column takes the chunk itself.
        is_retrieval: the left text asks for something that the chunk answers.
    """

    name: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    is_retrieval: bool

    @property
    def takes_chunk(self) -> bool:
        """Whether the chunk itself is the right text."""
        return self.fields[1] == ""


TASKS = {
    task.name: task
    for task in (
        Task("qa", ("question", "answer"), ("question", "answer"), is_retrieval=True),
        Task("query-passage", ("query", "passage"), ("query", ""), is_retrieval=True),
        Task(
            "paraphrase",
            ("sentence1", "sentence2", "score"),
            ("sentence", "paraphrase", SCORE_FIELD),
            is_retrieval=False,
        ),
        Task(
            "triplets",
            ("anchor", "positive", "negative"),
            ("query", "", "negative"),
            is_retrieval=True,
        ),
    )
}


def get_task(name: str) -> Task:
    """The task of this name.

    Raises:
        SettingsError: there is none.
    """
    if name not in TASKS:
        raise SettingsError(f"Unknown task {name!r}. Expected one of {', '.join(TASKS)}.{did_you_mean(name, TASKS)}")
    return TASKS[name]
