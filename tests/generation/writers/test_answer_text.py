import pytest

from tfsiamese.generation.writers.answer_text import json_part, storable
from tfsiamese.generation.writers.failures import RefusalError

JSON = '{"items": [{"question": "為什麼？"}]}'


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"\ufeff  {JSON}\n",
        f"<think>Hm {{…}}</think>\n{JSON}",
        f"The template opened it.\n</think>\n\n{JSON}",
        f"```json\n{JSON}\n```",
        f"```\n{JSON}```",
        f"Here it is:\n```JSON\r\n{JSON}\r\n```\nEnjoy!",
        f"<think>one</think> two </think>```json\n{JSON}\n```",
    ],
)
def test_the_json_is_found(text):
    assert json_part(text) == JSON


@pytest.mark.parametrize(
    "text", ['{"a": "</think>{"}', '["```json\\n{}\\n```"]', "No JSON.", "<think>cut", "", "</think>"]
)
def test_all_else_is_left_as_it_is(text):
    assert json_part(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Größe 東京 🍎\x00", "Größe 東京 🍎\x00"),
        ("a\ud83db", "a\ufffdb"),
        ("\udc00\ud83d", "\ufffd\ufffd"),
        ("\ud83c\udf4e", "🍎"),
        ("\ud83d🍎", "\ufffd🍎"),
        ("", ""),
    ],
)
def test_halves_of_characters_are_joined_or_replaced(text, expected):
    assert storable(text) == expected


def test_the_reason_of_a_failure_can_be_stored():
    failure = RefusalError("it said \ud83d")
    assert failure.reason == str(failure) == "it said \ufffd"
