"""The whole application in the tests' process: what a client of TensorFlow Serving sees."""

import asyncio
import gzip
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tfsiamese.encoders import load_encoder
from tfsiamese.serving import ServerSettings, create_app, request_body
from tfsiamese.similarity import get

PREDICT = "/v1/models/jobs:predict"
AVAILABLE = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}


def vectors(folder: Path, texts: list[str]) -> np.ndarray:
    return load_encoder(folder).encode(texts)


def test_rows_and_columns_give_the_vectors_of_the_encoder(server: TestClient, two_versions: Path):
    expected = vectors(two_versions / "2", ["red apple", "blue"])
    rows = server.post(PREDICT, json={"instances": ["red apple", "blue"]})
    columns = server.post(PREDICT, json={"inputs": {"texts": ["red apple", "blue"]}})
    assert rows.status_code == columns.status_code == 200
    assert rows.headers["content-type"] == "application/json"
    np.testing.assert_allclose(rows.json()["predictions"], expected, rtol=1e-6)
    np.testing.assert_allclose(columns.json()["outputs"], expected, rtol=1e-6)


def test_several_outputs_are_objects(server: TestClient, two_versions: Path):
    left, right = vectors(two_versions / "2", ["red", "blue"])
    body = {"signature_name": "similarity", "instances": [{"left": "red", "right": "blue"}]}
    (scores,) = server.post(PREDICT, json=body).json()["predictions"]
    assert set(scores) == {"score", "cosine", "angular"}
    assert scores["cosine"] == pytest.approx(float(get("cosine")(left[None], right[None])[0]), abs=1e-6)


@pytest.mark.parametrize(
    ("place", "version"),
    [("", "2"), ("/versions/1", "1"), ("/versions/2", "2"), ("/labels/stable", "1"), ("/labels/canary", "2")],
)
def test_versions_and_labels_name_the_model_that_answers(
    server: TestClient, two_versions: Path, place: str, version: str
):
    answer = server.post(f"/v1/models/jobs{place}:predict", json={"inputs": ["red"]})
    np.testing.assert_allclose(answer.json()["outputs"], vectors(two_versions / version, ["red"]), rtol=1e-6)


def test_status_lists_the_versions_newest_first(server: TestClient):
    both = server.get("/v1/models/jobs").json()
    assert both == {"model_version_status": [{"version": "2", **AVAILABLE}, {"version": "1", **AVAILABLE}]}
    one = {"model_version_status": [{"version": "1", **AVAILABLE}]}
    assert server.get("/v1/models/jobs/versions/1").json() == one
    assert server.get("/v1/models/jobs/labels/stable").json() == one


def test_metadata_has_the_signatures_as_protocol_buffers_in_json(server: TestClient):
    metadata = server.get("/v1/models/jobs/labels/stable/metadata").json()
    assert metadata["model_spec"] == {"name": "jobs", "signature_name": "", "version": "1"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    default = signatures["serving_default"]
    assert default["method_name"] == "tensorflow/serving/predict"
    assert default["inputs"]["texts"]["dtype"] == "DT_STRING"
    shape = {"dim": [{"size": "-1", "name": ""}, {"size": "8", "name": ""}], "unknown_rank": False}
    assert default["outputs"]["embeddings"]["tensor_shape"] == shape
    assert set(signatures["similarity"]["inputs"]) == {"left", "right"}


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/nope:predict", 404, "Servable not found for request: Latest(nope)"),
        ("POST", "/v1/models/jobs/versions/7:predict", 404, "Servable not found for request: Specific(jobs, 7)"),
        ("POST", "/v1/models/jobs/labels/nope:predict", 400, "Unrecognized servable version label: nope"),
        ("GET", "/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("GET", "/v1/models/jobs/versions/7", 404, "Could not find version 7 of model jobs"),
        ("GET", "/v1/models/jobs/labels/nope", 400, "Unrecognized servable version label: nope"),
        ("GET", "/v1/models/nope/metadata", 404, "Servable not found for request: Latest(nope)"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", PREDICT, 400, f"Malformed request: GET {PREDICT}"),
        ("DELETE", "/v1/models/jobs", 400, "Malformed request: DELETE /v1/models/jobs"),
        ("GET", "/", 404, "Nothing is served at /. The API is under /v1/models/."),
    ],
)
def test_errors_of_the_path_have_their_code_and_body(
    server: TestClient, method: str, path: str, status: int, message: str
):
    answer = server.request(method, path, content=b'{"instances": ["a"]}' if method == "POST" else None)
    assert (answer.status_code, answer.json()) == (status, {"error": message})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value."),
        (b'{"signature_name": 100}', "'signature_name' key must be a string value."),
        (b'{"signature_name": "nope", "instances": ["a"]}', 'Serving signature name: "nope" not found'),
        (b'{"instances": [1]}', "JSON Value: 1 Type: Number is not of expected type: string"),
        (b'{"instances": []}', "No values in 'instances' array"),
        (
            b'{"signature_name": "similarity", "inputs": {"left": ["a"], "right": ["a", "b"]}}',
            "Batching Run() input tensors must have equal 0th-dimension size",
        ),
    ],
)
def test_errors_of_the_body_are_bad_requests(server: TestClient, body: bytes, message: str):
    answer = server.post(PREDICT, content=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_wrong_body_is_said_before_an_unknown_model(server: TestClient):
    assert server.post("/v1/models/nope:predict", content=b"{").status_code == 400
    assert server.post("/v1/models/nope:predict", content=b'{"signature_name": 5}').status_code == 400


def test_classify_and_regress_say_which_signature_they_need(server: TestClient):
    answer = server.post("/v1/models/jobs:classify", json={"examples": [{"x": 1.0}]})
    expected = (
        "Expected classification signature method_name to be tensorflow/serving/classify. "
        "Was: tensorflow/serving/predict"
    )
    assert (answer.status_code, answer.json()) == (400, {"error": expected})
    answer = server.post("/v1/models/jobs:regress", json={"signature_name": "nope", "examples": []})
    assert (answer.status_code, answer.json()) == (400, {"error": "No signature was found with the name: nope"})


def test_bodies_in_gzip_are_unpacked_up_to_the_limit(server: TestClient):
    headers = {"Content-Encoding": "gzip"}
    packed = gzip.compress(b'{"instances": ["red"]}')
    assert server.post(PREDICT, content=packed, headers=headers).status_code == 200
    assert server.post(PREDICT, content=packed[:-9], headers=headers).status_code == 400
    assert server.post(PREDICT, content=b"no gzip", headers=headers).status_code == 400
    bomb = gzip.compress(b" " * 50_000_000)
    assert server.post(PREDICT, content=bomb, headers=headers).status_code == 413


def test_gzip_is_unpacked_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch):
    threads, unpacked = [], request_body._unpacked

    def unpack(body: bytes, limit: int) -> bytes:
        threads.append(threading.current_thread())
        return unpacked(body, limit)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": gzip.compress(b"red")}

    monkeypatch.setattr(request_body, "_unpacked", unpack)
    reading = request_body.read_body(receive, [(b"content-encoding", b"gzip")], 100)
    assert asyncio.run(reading) == b"red"
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_inputs_without_a_batch_dimension_are_run_as_they_are(tmp_path: Path):
    import tensorflow as tf

    class Foreign(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "text"), tf.TensorSpec([2], tf.int32, "add")])
        def __call__(self, text: tf.Tensor, add: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"lengths": tf.strings.length(text) + add}

    foreign = Foreign()
    tf.saved_model.save(foreign, str(tmp_path / "foreign" / "1"), signatures=foreign.__call__)
    with TestClient(create_app(tmp_path / "foreign", ServerSettings(poll_seconds=60))) as client:
        answer = client.post("/v1/models/foreign:predict", json={"inputs": {"text": "nurse", "add": [1, 2]}})
    assert (answer.status_code, answer.json()) == (200, {"outputs": [6, 7]})


def test_a_body_beyond_the_limit_is_too_large(server: TestClient):
    answer = server.post(PREDICT, content=b'{"instances": ["' + b"a" * 200_000 + b'"]}')
    assert answer.status_code == 413
    assert "larger than 200000 bytes" in answer.json()["error"]


def test_large_requests_within_the_limit_are_answered_in_their_order(server: TestClient, two_versions: Path):
    texts = [f"text number {number}" for number in range(5000)]
    answer = server.post(PREDICT, json={"instances": texts})
    np.testing.assert_allclose(answer.json()["predictions"], vectors(two_versions / "2", texts), rtol=1e-5)


def test_no_rows_are_answered_with_none(server: TestClient):
    assert server.post(PREDICT, json={"inputs": []}).json() == {"outputs": []}


def test_requests_batches_and_versions_are_counted_without_unknown_names(server: TestClient):
    server.post(PREDICT, json={"instances": ["red"]})
    server.post("/v1/models/unheard:predict", json={"signature_name": "of", "instances": ["red"]})
    page = server.get("/monitoring/prometheus/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    assert 'tfsiamese_serving_requests_total{code="200",model="jobs",signature="serving_default"}' in page.text
    assert 'tfsiamese_serving_requests_total{code="404",model="",signature=""}' in page.text
    assert 'tfsiamese_serving_request_seconds_bucket{code="200",le="0.001",model="jobs"' in page.text
    assert 'tfsiamese_serving_batch_rows_count{model="jobs",signature="serving_default"}' in page.text
    assert 'tfsiamese_serving_version_available{model="jobs",version="1"} 1.0' in page.text
    assert "tfsiamese_serving_queue_rows 0.0" in page.text
    assert "unheard" not in page.text
