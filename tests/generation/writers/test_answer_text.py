import pytest

from tfsiamese.generation.writers.answer_text import json_part

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
