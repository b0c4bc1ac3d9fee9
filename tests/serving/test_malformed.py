"""Whatever is sent, the answer is JSON with the right 4xx, and the server goes on."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

PREDICT = "/v1/models/jobs:predict"
PAIR = b'{"signature_name":"similarity","instances":[{"left":"red","right":"blue"}]}'
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
values = st.recursive(
    scalars | st.fixed_dictionaries({"b64": scalars}),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
documents = st.dictionaries(
    st.sampled_from(["instances", "inputs", "signature_name", "examples", "other"]),
    values | st.sampled_from(["similarity", "serving_default", ["a"], {"texts": ["a"]}]),
    max_size=3,
)


def is_answered(server: TestClient, method: str, path: str, body: bytes) -> int:
    answer = server.request(method, path, content=body)
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500, (answer.status_code, answer.text, body)
        assert list(answer.json()) == ["error"]
    return answer.status_code


@MANY
@given(document=documents)
def test_any_document_is_answered_with_200_or_4xx(server: TestClient, document: object):
    body = json.dumps(document).encode()
    status = is_answered(server, "POST", PREDICT, body)
    assert status in (200, 400)


@MANY
@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_bad_request(server: TestClient, body: bytes):
    assert is_answered(server, "POST", PREDICT, body) == 400


@MANY
@given(at=st.integers(0, len(PAIR) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_answered(server: TestClient, at: int, byte: int):
    body = bytearray(PAIR)
    body[at] = byte
    is_answered(server, "POST", PREDICT, bytes(body))


@MANY
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"]),
    parts=st.lists(
        st.sampled_from(
            ["v1", "models", "jobs", "versions", "labels", "metadata", "1", ":predict", "%00", "%", "..", ""]
        ),
        max_size=7,
    ),
)
def test_any_path_is_answered(server: TestClient, method: str, parts: list[str]):
    is_answered(server, method, "/v1/models/" + "/".join(parts), b'{"instances": ["a"]}')


def test_the_server_still_answers(server: TestClient):
    assert is_answered(server, "POST", PREDICT, b'{"instances": ["a"]}') == 200
