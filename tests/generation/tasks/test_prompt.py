import re

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.tasks import TASKS, default_prompt, get_task, read_prompt

CHUNK = Chunk("Press the red button.", "guide.md", 12, title="Guide", headings=("Setup", "First start"))


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_prompt_of_each_task_takes_the_chunk_the_number_and_the_language(task):
    instructions, message = read_prompt(task).filled_in(CHUNK, 7, "German")
    assert "up to 7 items" in instructions
    assert "Write in German." in instructions
    assert message == ("Where it stands: Guide > Setup > First start\n\n<passage>\nPress the red button.\n</passage>")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_prompt_of_each_task_names_the_fields_of_its_answer(task):
    shown = re.findall(r'"(\w+)":', default_prompt(task))
    assert [name for name in shown if name != "items"] == [field for field in task.fields if field]


def test_without_a_language_the_chunks_own_is_asked_for():
    instructions, _ = read_prompt(get_task("qa")).filled_in(CHUNK, 1, None)
    assert "Write in the language of the passage." in instructions


def test_a_prompt_of_ones_own_takes_the_place_of_the_default(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text('\ufeffBe brief. {"items": []}\n---\n{source}: {title}: {passage}\n', encoding="utf-8")
    assert read_prompt(get_task("qa"), path).filled_in(CHUNK, 1, None) == (
        'Be brief. {"items": []}',
        "guide.md: Guide: Press the red button.",
    )


def test_without_a_line_between_them_all_is_the_message(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("Ask {num_pairs} things about {passage}", encoding="utf-8")
    assert read_prompt(get_task("qa"), path).filled_in(CHUNK, 2, None) == (
        "",
        "Ask 2 things about Press the red button.",
    )


def test_places_that_stand_in_the_chunk_are_left_as_they_are():
    chunk = Chunk("Write {title} or {language} here.", "a.md", 0, title="T")
    _, message = read_prompt(get_task("qa")).filled_in(chunk, 1, None)
    assert "Write {title} or {language} here." in message


def test_a_chunk_without_title_and_headings_stands_in_its_source():
    _, message = read_prompt(get_task("qa")).filled_in(Chunk("Text.", "notes/a.txt", 0), 1, None)
    assert "Where it stands: notes/a.txt" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("About {pasage}", "{pasage} is no place in a prompt.*Did you mean 'passage'?"),
        ("No place at all", "has no {passage}"),
        ("About {passage}\n---\n  \n", "nothing stands below the line ---"),
    ],
)
def test_a_prompt_that_cannot_work_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"mine.md: .*{message}"):
        read_prompt(get_task("qa"), path)


def test_a_prompt_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "mine.md"
    path.write_bytes("Schön: {passage}".encode("latin-1"))
    with pytest.raises(DataError, match="byte 3 is not UTF-8"):
        read_prompt(get_task("qa"), path)


def test_an_unknown_task_is_refused_with_a_suggestion():
    with pytest.raises(SettingsError, match="Unknown task 'triplet'.*Did you mean 'triplets'?"):
        get_task("triplet")
