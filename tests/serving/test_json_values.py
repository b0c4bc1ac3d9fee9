import math

import pytest

from tfsiamese.serving.json_values import parse_json, quote
from tfsiamese.serving.rest_errors import RestError, error_body


def test_special_numbers_and_a_byte_order_mark_are_taken():
    values = parse_json(b'\xef\xbb\xbf{"a": [NaN, Infinity, -Infinity, 2, 2.5, 18446744073709551615]}')["a"]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 2, 2.5, 2**64 - 1]
    assert type(values[3]) is int


@pytest.mark.parametrize(
    "body",
    [
        b"instances = [1, 2]",
        b'{"a": 1} x',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\ud800", "b": NaN}',
        b'{"a": "\xff", "b": NaN}',
        b'{"a": 1e999}',
        b'{"a": [NaN, 1e999]}',
        b'{"a": [NaN, ' + b"9" * 5000 + b"]}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": [NaN, ' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"a": [NaN, ' + b"[" * 600 + b"]" * 600 + b"]}",
        b'{"a": NaNN}',
        b'{"a": 0x10}',
    ],
)
def test_what_is_not_json_is_a_parse_error(body: bytes):
    with pytest.raises(RestError, match="^JSON Parse error: ") as caught:
        parse_json(body)
    assert caught.value.http_status == 400


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_called_an_empty_document(body: bytes):
    with pytest.raises(RestError, match="^JSON Parse error: The document is empty"):
        parse_json(body)


@pytest.mark.parametrize("body", [b"[]", b"null", b"NaN", b'"instances"', b"5", b"true"])
def test_what_is_no_object_is_refused(body: bytes):
    with pytest.raises(RestError, match=r"^JSON Value: .* Is not object$"):
        parse_json(body)


def test_quoted_values_are_indented_as_tensorflow_serving_does_it():
    assert quote({"a": [1, "é"]}) == '{\n    "a": [\n        1,\n        "é"\n    ]\n}'


def test_quoted_values_are_cut_however_long_or_deep_they_are():
    deep: list = []
    for _ in range(1000):
        deep = [deep]
    assert len(quote(deep)) <= 501
    assert len(quote(["x" * 10**6] * 1000)) <= 501


def test_an_error_may_quote_a_lone_surrogate():
    assert error_body("\ud800") == b'{"error":"\\\\ud800"}'
