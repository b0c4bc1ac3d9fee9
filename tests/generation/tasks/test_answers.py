import json

import pytest

from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.tasks import BrokenAnswerError, answer_schema, get_task, read_answer

CHUNK = Chunk("Press the red button.", "guide.md", 12)


def read(task: str, items: object):
    return read_answer(json.dumps({"items": items}), get_task(task), CHUNK, 3)


def test_questions_and_answers_become_pairs():
    pairs, problems = read("qa", [{"question": " What is\n pressed? ", "answer": "The red button."}])
    assert [(pair.chunk, pair.left, pair.right) for pair in pairs] == [(CHUNK, "What is pressed?", "The red button.")]
    assert problems == []


def test_a_query_gets_the_chunk_as_its_passage():
    (pair,), _ = read("query-passage", [{"query": "red button"}])
    assert (pair.left, pair.right, pair.negative, pair.score) == ("red button", CHUNK.text, None, None)


def test_a_paraphrase_has_a_score():
    (pair,), _ = read("paraphrase", [{"sentence": "Press it.", "paraphrase": "Push it.", "score": 1}])
    assert (pair.left, pair.right, pair.score) == ("Press it.", "Push it.", 1.0)


def test_a_triplet_has_the_chunk_and_a_negative():
    (pair,), _ = read("triplets", [{"query": "red button", "negative": "Press the blue button."}])
    assert (pair.left, pair.right, pair.negative) == ("red button", CHUNK.text, "Press the blue button.")


def test_a_bare_list_is_taken_as_well():
    pairs, _ = read_answer('[{"query": "red button"}]', get_task("query-passage"), CHUNK, 3)
    assert len(pairs) == 1


def test_no_items_are_an_answer_too():
    assert read("qa", []) == ([], [])


def test_half_of_a_surrogate_pair_becomes_a_question_mark():
    (pair,), _ = read_answer('[{"query": "red \\ud83d button"}]', get_task("query-passage"), CHUNK, 3)
    assert pair.left == "red ? button"


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"sentence": "a", "paraphrase": "b", "score": "high"}, "score is 'high', not a number"),
        ({"sentence": "a", "paraphrase": "b", "score": True}, "score is True, not a number"),
        ({"sentence": "a", "paraphrase": "b", "score": float("nan")}, "score is nan, not a number"),
        ({"sentence": "a", "paraphrase": "b", "score": 1.5}, "score is not from 0 to 1"),
        ({"sentence": "a", "paraphrase": "b", "score": 10**400}, "score is not from 0 to 1"),
        ({"sentence": "a" * 20_001, "paraphrase": "b", "score": 1}, "sentence has 20,001 characters, where 20,000"),
        ({"sentence": "a", "paraphrase": "b"}, "score is None, not a number"),
        ({"sentence": None, "paraphrase": "b", "score": 1}, "sentence is None, not a text"),
        ({"sentence": " \n", "paraphrase": "b", "score": 1}, "sentence is empty"),
        ("a sentence", "an item is not an object"),
    ],
)
def test_of_several_items_the_broken_ones_are_named_and_the_others_kept(item, problem):
    good = {"sentence": "Press it.", "paraphrase": "Push it.", "score": 0.5}
    pairs, problems = read("paraphrase", [item, good])
    assert [pair.left for pair in pairs] == ["Press it."]
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"items": [{"question": "Wh', "the answer is not JSON"),
        ("Sure! Here are some questions.", "the answer is not JSON"),
        ('{"questions": []}', 'the answer has no list "items"'),
        ('"text"', 'the answer has no list "items"'),
        ('{"items": [{"question": "What?"}]}', "answer is None, not a text"),
        ("[" * 100_000, "the answer is not JSON"),
        ("", "the answer is not JSON"),
    ],
)
def test_an_answer_without_a_single_pair_is_broken(text, message):
    with pytest.raises(BrokenAnswerError, match=message) as raised:
        read_answer(text, get_task("qa"), CHUNK, 3)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_the_schema_wants_all_fields_and_no_others():
    item = answer_schema(get_task("paraphrase"))["properties"]["items"]["items"]
    assert item == {
        "type": "object",
        "properties": {
            "sentence": {"type": "string"},
            "paraphrase": {"type": "string"},
            "score": {"type": "number"},
        },
        "required": ["sentence", "paraphrase", "score"],
        "additionalProperties": False,
    }


def test_of_more_items_than_were_asked_for_the_first_are_kept():
    pairs, problems = read("query-passage", [{"query": f"button {number}"} for number in range(10_000)])
    assert [pair.left for pair in pairs] == ["button 0", "button 1", "button 2"]
    assert problems == ["10,000 items, where 3 were asked for: the others are left out"]
