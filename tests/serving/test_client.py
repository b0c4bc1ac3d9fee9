import inspect
import json
import math
import subprocess
import sys
import threading
import time
from email.utils import formatdate

import numpy as np
import pytest

from tests.serving.faulty_server import Fault, FaultyServer, vector_of
from tfsiamese.errors import DataError, ServingError, SettingsError
from tfsiamese.servables.batching import BatchingParameters
from tfsiamese.serving import client_transport
from tfsiamese.serving.client import Client
from tfsiamese.serving.client_address import model_address


@pytest.fixture
def server():
    with FaultyServer() as server:
        yield server


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Waits between tries are a hundredth of what they are."""
    monkeypatch.setattr(client_transport, "_FIRST_WAIT_SECONDS", 0.002)


@pytest.fixture
def waits(monkeypatch):
    """The seconds that the client would wait between tries; it does not."""
    seconds: list[float] = []
    monkeypatch.setattr(client_transport, "_pause", lambda wait, stop: seconds.append(wait))
    return seconds


def client_of(server: FaultyServer, **options) -> Client:
    return Client(server.url, "jobs", **{"timeout": 20.0, **options})


class TestEncode:
    def test_texts_become_float32_vectors_in_their_order(self, server):
        with client_of(server) as client:
            vectors = client.encode(["nurse", "", "Köche"])
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, [[5, 110, 1, 0], [0, 0, 1, 0], [5, 75, 1, 0]])

    def test_the_columnar_form_names_the_signature(self, server):
        client_of(server).encode(["nurse"])
        client_of(server).encode(["nurse"], prompt_name="query")
        assert server.predictions == [
            {"signature_name": "serving_default", "inputs": ["nurse"]},
            {"signature_name": "query", "inputs": ["nurse"]},
        ]

    def test_a_prompt_is_a_signature(self, server):
        vectors = client_of(server).encode(["nurse"], prompt_name="query")
        np.testing.assert_array_equal(vectors, [vector_of("query: nurse")])

    def test_many_texts_are_sent_in_batches_over_several_connections_and_keep_their_order(self, server):
        together = threading.Barrier(3, timeout=20)
        server.before_answer = together.wait
        texts = [chr(97 + n % 26) * (1 + n * 7 % 60) for n in range(60)]
        with client_of(server, batch_size=10, connections=3) as client:
            vectors = client.encode(texts)
        np.testing.assert_array_equal(vectors, [vector_of(text) for text in texts])
        assert sorted(len(body["inputs"]) for body in server.predictions) == [10] * 6

    def test_a_text_that_occurs_more_than_once_is_sent_once(self, server):
        texts = ["nurse", b"nurse", "baker", "nurse"]
        vectors = client_of(server).encode(texts)
        assert [sorted(body["inputs"]) for body in server.predictions] == [["baker", "nurse"]]
        np.testing.assert_array_equal(vectors, [vector_of("nurse")] * 2 + [vector_of("baker"), vector_of("nurse")])

    def test_batch_size_of_the_call_comes_before_the_clients(self, server):
        client_of(server, batch_size=2).encode(["a", "b", "c", "d", "e"], batch_size=4)
        assert sorted(len(body["inputs"]) for body in server.predictions) == [1, 4]

    def test_very_long_texts_make_batches_smaller(self, server):
        client_of(server).encode(["a" * 200_000, "b" * 100_000, "c"])
        assert sorted(len(body["inputs"]) for body in server.predictions) == [1, 2]

    def test_what_is_not_valid_unicode_counts_as_replacement_characters(self, server):
        client_of(server, batch_size=1, connections=1).encode(["a\ud800", b"caf\xe9", "\x00"])
        sent = {body["inputs"][0] for body in server.predictions}
        assert sent == {"a\ufffd\ufffd\ufffd", "caf\ufffd", "\x00"}

    def test_every_byte_of_a_surrogate_and_every_broken_sequence_is_replaced_once(self, server):
        texts = ["\ud83d\ude00", "a\udfff", b"\xf0\x9f\x98", b"\xff\xfe", "ok", "é😀"]
        client_of(server, connections=1).encode(texts)
        expected = {"\ufffd" * 6, "a" + "\ufffd" * 3, "\ufffd", "\ufffd" * 2, "ok", "é😀"}
        assert set(server.predictions[0]["inputs"]) == expected

    def test_nothing_but_ascii_goes_over_the_wire(self, server, monkeypatch):
        sent = []
        post = client_transport.Transport.post

        def spy(transport, url, body, *rest):
            sent.append(body)
            return post(transport, url, body, *rest)

        monkeypatch.setattr(client_transport.Transport, "post", spy)
        client_of(server).encode(["データ😀"])
        assert sent[0].isascii()
        assert server.predictions[0]["inputs"] == ["データ😀"]

    def test_normalized_vectors_have_length_1_and_zeros_stay(self, server):
        server.outputs_of = lambda _, texts: [[3.0, 4.0] if text else [0.0, 0.0] for text in texts]
        vectors = client_of(server).encode(["a", ""], normalize=True)
        np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)

    def test_no_texts_give_no_rows_of_the_dimension_in_the_metadata(self, server):
        vectors = client_of(server).encode([])
        assert vectors.shape == (0, 4)
        assert vectors.dtype == np.float32
        assert server.predictions == []

    def test_no_texts_for_an_unknown_prompt_is_an_error_that_lists_the_signatures(self, server):
        with pytest.raises(ServingError, match="no signature 'passage'.*query, serving_default, similarity"):
            client_of(server).encode([], prompt_name="passage")

    @pytest.mark.parametrize("texts", ["nurse", b"nurse", ["a", None], ["a", 1.5]])
    def test_what_is_no_list_of_texts_is_refused_before_anything_is_sent(self, server, texts):
        with pytest.raises(DataError, match="Expected"):
            client_of(server).encode(texts)
        assert server.requests == []

    def test_integers_in_an_answer_are_numbers_too(self, server):
        server.outputs_of = lambda _, texts: [[1, 2.5] for _ in texts]
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [[1.0, 2.5]])

    def test_a_single_output_of_any_name_is_taken(self, server):
        server.outputs_of = lambda _, texts: [[0.25, -0.5]] * len(texts)
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [[0.25, -0.5]])

    def test_embeddings_are_found_among_several_outputs(self, server):
        server.outputs_of = lambda _, texts: {"embeddings": [[0.25]] * len(texts), "tokens": [3] * len(texts)}
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [[0.25]])

    def test_one_client_serves_many_threads(self, server):
        results = {}
        with client_of(server, connections=2, batch_size=3) as client:

            def work(number: int) -> None:
                results[number] = client.encode([f"{chr(65 + number)}{'x' * n}" for n in range(8)])

            threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for number in range(6):
            np.testing.assert_array_equal(results[number], [[n + 1, 65 + number, 1, 0] for n in range(8)])
        assert server.connections <= 2


class TestSimilarityAndSearch:
    def test_pairs_get_three_scores_each(self, server):
        found = client_of(server).similarity(["ab", "a", "ab"], ["ab", "b", "ab"])
        np.testing.assert_array_equal(found.score, np.float32([1, 0, 1]))
        np.testing.assert_array_equal(found.cosine, np.float32([0.02, 0.01, 0.02]))
        np.testing.assert_array_equal(found.angular, np.float32([0.5, 0.5, 0.5]))
        assert found.score.dtype == np.float32
        assert server.predictions == [
            {"signature_name": "similarity", "inputs": {"left": ["ab", "a"], "right": ["ab", "b"]}}
        ]

    def test_pairs_are_sent_in_batches_too(self, server):
        lefts = ["x" * n for n in range(1, 11)]
        found = client_of(server, batch_size=3).similarity(lefts, ["y"] * 10)
        np.testing.assert_allclose(found.cosine, np.arange(1, 11) / 100, rtol=1e-6)
        assert len(server.predictions) == 4

    def test_as_many_texts_are_wanted_on_both_sides(self, server):
        with pytest.raises(DataError, match="2 texts on the left and 1 on the right"):
            client_of(server).similarity(["a", "b"], ["a"])

    def test_no_pairs_give_no_scores(self, server):
        assert [array.shape for array in client_of(server).similarity([], [])] == [(0,)] * 3

    def test_queries_get_ids_texts_and_scores(self, server):
        found = client_of(server, batch_size=2).top_k(["a", "Bcd", "a", "ef"])
        assert found.ids.tolist() == [["a-1", "a-2"], ["Bcd-1", "Bcd-2"], ["a-1", "a-2"], ["ef-1", "ef-2"]]
        assert found.texts[1].tolist() == ["BCD", "bcd"]
        np.testing.assert_array_equal(found.scores, np.float32([[0.5, 0.01], [0.5, 0.03], [0.5, 0.01], [0.5, 0.02]]))

    def test_search_without_a_corpus_lists_the_signatures_there_are(self, server):
        server.outputs_of = lambda signature, _: None
        with pytest.raises(ServingError) as caught:
            client_of(server).top_k(["a"])
        assert 'answered 400: Serving signature name: "top_k" not found' in str(caught.value)
        assert "similarity (left, right -> score, cosine, angular)" in str(caught.value)

    def test_ids_that_are_no_texts_are_reported(self, server):
        server.outputs_of = lambda _, queries: {"ids": [[1]], "texts": [["a"]], "scores": [[0.5]]}
        with pytest.raises(ServingError, match="ids that are not all texts"):
            client_of(server).top_k(["a"])


class TestRetries:
    @pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
    def test_a_passing_status_is_tried_again(self, server, status):
        server.faults.extend([Fault(status, '{"error": "busy"}')] * 2)
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [vector_of("a")])
        assert len(server.requests) == 3

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 500, 501])
    def test_a_refusal_is_final(self, server, status):
        server.faults.append(Fault(status, '{"error": "no such luck"}'))
        with pytest.raises(ServingError, match=f"answered {status}: no such luck"):
            client_of(server).encode(["a"])
        assert len(server.predictions) == 1

    @pytest.mark.parametrize(
        "fault",
        [Fault(cut=True), Fault(body='{"outputs": [[1.0', cut=True), Fault(503, "<html>down</html>")],
        ids=["hung up", "cut in the midst of the body", "a proxy's page"],
    )
    def test_a_broken_answer_is_asked_for_again(self, server, fault):
        server.faults.append(fault)
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [vector_of("a")])
        assert len(server.requests) == 2

    def test_a_chunked_answer_that_is_cut_is_asked_for_again(self, server):
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        server.faults.append(Fault(raw=start + b'e\r\n{"outputs": [[\r\n'))
        np.testing.assert_array_equal(client_of(server).encode(["a"]), [vector_of("a")])

    def test_a_late_answer_is_asked_for_again(self, server):
        server.faults.append(Fault(hang=True))
        np.testing.assert_array_equal(client_of(server, timeout=0.3, deadline=60).encode(["a"]), [vector_of("a")])
        assert len(server.requests) == 2

    def test_after_the_last_try_the_error_says_why_and_what_to_do(self, server):
        server.faults.extend([Fault(cut=True)] * 3)
        with pytest.raises(ServingError) as caught:
            client_of(server, retries=2).encode(["a"])
        assert f"{server.url}/v1/models/jobs:predict gave no answer after 3 tries: the connection broke" in str(
            caught.value
        )
        assert "start it" in str(caught.value)
        assert len(server.requests) == 3

    def test_a_busy_server_is_reported_with_its_own_words(self, server):
        server.faults.extend([Fault(503, '{"error": "The batch scheduling queue is full"}')] * 2)
        with pytest.raises(ServingError, match="answered 503: The batch scheduling queue is full. The server is busy"):
            client_of(server, retries=1).encode(["a"])

    def test_a_server_that_is_not_there_is_named(self):
        with FaultyServer() as server:
            pass
        with pytest.raises(ServingError, match=f"{server.url}.* gave no answer after one try: no connection"):
            Client(server.url, "jobs", retries=0).encode(["a"])

    def test_retry_after_in_seconds_is_respected(self, server, waits):
        server.faults.append(Fault(503, "{}", {"Retry-After": "7"}))
        client_of(server).encode(["a"])
        assert waits == [7.0]

    def test_retry_after_as_a_date_is_respected(self, server, waits):
        server.faults.append(Fault(429, "{}", {"Retry-After": formatdate(time.time() + 40, usegmt=True)}))
        client_of(server).encode(["a"])
        assert 5 < waits[0] <= 40

    @pytest.mark.parametrize("value", ["soon", "-3", "", "٣", "Wed, 99 Nov 2026 00:00:00 GMT"])
    def test_a_senseless_retry_after_is_ignored(self, server, waits, value):
        server.faults.append(Fault(503, "{}", {"Retry-After": value.encode().decode("latin-1")}))
        client_of(server).encode(["a"])
        assert 0 < waits[0] < 1

    def test_nothing_is_sent_again_once_the_answer_is_of_no_use(self, server, monkeypatch):
        monkeypatch.setattr(client_transport, "_pause", lambda wait, stop: stop.set())
        server.faults.extend([Fault(503, '{"error": "busy"}'), Fault(cut=True)])
        transport = client_transport.Transport(1, {})
        patience = client_transport.Patience(timeout=20, retries=4, deadline=60)
        url = f"{server.url}/v1/models/jobs:predict"
        assert transport.post(url, b"{}", patience, threading.Event()).status == 503
        with pytest.raises(ServingError, match="gave no answer after one try"):
            transport.post(url, b"{}", patience, threading.Event())
        assert len(server.requests) == 2

    def test_waits_double_and_vary_and_have_a_limit(self, monkeypatch):
        monkeypatch.setattr(client_transport, "_FIRST_WAIT_SECONDS", 0.2)
        for attempt, longest in [(0, 0.2), (1, 0.4), (3, 1.6), (9, 10.0), (1000, 10.0)]:
            drawn = {client_transport._backoff_seconds(attempt) for _ in range(20)}
            assert len(drawn) > 1
            assert all(longest / 2 <= seconds <= longest for seconds in drawn)

    def test_a_wait_beyond_the_deadline_is_not_begun(self, server):
        server.faults.append(Fault(503, '{"error": "restarting"}', {"Retry-After": "3600"}))
        with pytest.raises(ServingError, match="answered 503: restarting"):
            client_of(server, deadline=5).encode(["a"])
        assert len(server.predictions) == 1

    def test_the_deadline_ends_the_tries(self, server):
        server.faults.extend([Fault(hang=True)] * 50)
        with pytest.raises(ServingError, match="and the deadline of 0.5 s: no answer within"):
            client_of(server, timeout=0.2, deadline=0.5, retries=50).encode(["a"])
        assert len(server.requests) < 10

    def test_a_server_that_trickles_does_not_outlast_the_timeout(self, server):
        server.faults.append(Fault(trickle=True))
        with pytest.raises(ServingError, match="no whole answer within 0.3 s"):
            client_of(server, timeout=0.3, retries=0).encode(["a"])

    def test_the_first_failure_gives_up_the_other_batches(self, server):
        server.faults.append(Fault(400, '{"error": "bad"}'))
        server.faults.extend([Fault(hang=True)] * 200)
        with pytest.raises(ServingError, match="answered 400: bad"):
            client_of(server, batch_size=1, connections=2).encode([str(n) for n in range(200)])
        assert len(server.predictions) <= 3


class TestConnections:
    def test_a_connection_is_kept_for_many_requests(self, server):
        with client_of(server, batch_size=1, connections=1) as client:
            client.encode([str(n) for n in range(20)])
            client.status()
        assert len(server.requests) == 21
        assert server.connections == 1

    def test_no_more_connections_than_asked_for(self, server):
        client_of(server, batch_size=1, connections=3).encode([str(n) for n in range(30)])
        assert len(server.predictions) == 30
        assert 1 <= server.connections <= 3

    def test_a_kept_connection_that_the_server_closed_is_replaced(self, server):
        server.closes_connections = True
        client = client_of(server, connections=1)
        for n in range(5):
            np.testing.assert_array_equal(client.encode([str(n)]), [vector_of(str(n))])

    def test_a_refusal_leaves_the_connection_usable(self, server):
        client = client_of(server, connections=1)
        server.faults.append(Fault(400, '{"error": "bad"}'))
        with pytest.raises(ServingError):
            client.encode(["a"])
        client.encode(["a"])
        assert server.connections == 1

    def test_headers_are_sent_with_every_request(self, server):
        client_of(server, headers={"Authorization": "Bearer secret"}).encode(["a"])
        assert server.requests[0].headers["Authorization"] == "Bearer secret"
        assert server.requests[0].headers["Content-Type"] == "application/json"

    def test_a_closed_client_can_be_used_again(self, server):
        client = client_of(server)
        client.encode(["a"])
        client.close()
        client.encode(["a"])
        assert server.connections == 2


class TestWrongServers:
    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            (
                Fault(body="<!DOCTYPE html><p>Hello", headers={"Content-Type": "text/html"}),
                "an HTML page instead of a JSON",
            ),
            (Fault(404, "<html>Not found</html>"), "answered 404 with an HTML page. Expected the REST API"),
            (Fault(body='{"outputs": [[1.0,'), "instead of a JSON object. Expected the REST API"),
            (Fault(body="[" * 200_000), "instead of a JSON object"),
            (Fault(body=b"\xff\xfe"), "instead of a JSON object"),
            (Fault(body="[1]"), r"'\[1\]' instead of a JSON object"),
            (Fault(), "an empty body instead of a JSON object"),
            (Fault(206, '{"outputs": [[1.0]]}'), "answered 206 with"),
            (Fault(302, headers={"Location": "http://other/"}), "a redirect to http://other/. Give the address"),
            (Fault(body='{"hello": 1}'), "answered without outputs"),
            (Fault(body='{"predictions": [[1.0]]}'), "answered without outputs"),
            (Fault(body='{"outputs": {"logits": [[1.0]]}}'), "without the output 'embeddings'.*Its outputs: logits"),
            (Fault(body='{"outputs": [[1.0], [2.0]]}'), r"shape \[2, 1\] to 1 texts. Expected \[1, size\]"),
            (Fault(body='{"outputs": [1.0]}'), r"shape \[1\] to 1 texts"),
            (Fault(body='{"outputs": []}'), r"shape \[0\] to 1 texts"),
            (Fault(body='{"outputs": [[]]}'), r"shape \[1, 0\] to 1 texts"),
            (Fault(body='{"outputs": [[1.0], [1.0, 2.0]]}'), "embeddings of different lengths"),
            (Fault(body='{"outputs": [["1.0"]]}'), "embeddings that are not all numbers"),
            (Fault(body='{"outputs": [[null]]}'), "embeddings that are not all numbers"),
            (Fault(body='{"outputs": [[0.5, NaN]]}'), "not finite for 1 of 1 texts, such as 'nurse'"),
            (Fault(body='{"outputs": [[-Infinity]]}'), "not finite"),
            (Fault(body='{"outputs": [[1e300]]}'), "not finite"),
            (Fault(raw=b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00"), "does not speak HTTP/1.1.*8500 is its gRPC port"),
        ],
    )
    def test_an_answer_of_another_kind_is_told_clearly_and_not_asked_for_again(self, server, fault, message):
        server.faults.append(fault)
        with pytest.raises(ServingError, match=message) as caught:
            client_of(server).encode(["nurse"])
        assert str(caught.value).startswith(f"{server.url}/v1/models/jobs:predict")
        assert "\n" not in str(caught.value)
        assert len(server.requests) == 1

    def test_an_answer_with_too_few_vectors_names_both_numbers(self, server):
        server.outputs_of = lambda _, texts: [[1.0, 2.0]] * (len(texts) - 1)
        with pytest.raises(ServingError, match=r"shape \[2, 2\] to 3 texts"):
            client_of(server).encode(["a", "b", "c"])

    def test_a_new_version_of_another_dimension_during_a_call_is_noticed(self, server):
        server.outputs_of = lambda _, texts: [[1.0] * len(server.predictions)]
        with pytest.raises(ServingError, match="rows of 1 and 2 values in one call"):
            client_of(server, batch_size=1, connections=1).encode(["a", "b"])

    def test_a_credential_is_asked_for_where_the_server_wants_one(self, server):
        server.faults.append(Fault(401, "<html>Sign in</html>"))
        with pytest.raises(ServingError, match="answered 401 with an HTML page. The server wants credentials"):
            client_of(server).encode(["a"])

    def test_too_large_a_request_says_which_argument_helps(self, server):
        server.faults.append(Fault(413, '{"error": "Request Entity Too Large"}'))
        with pytest.raises(ServingError, match="answered 413: Request Entity Too Large. .* lower batch_size="):
            client_of(server).encode(["a"])

    def test_too_large_a_batch_says_which_argument_helps(self, server):
        server.faults.append(Fault(400, '{"error": "Task size 128 is larger than maximum input batch size 64"}'))
        with pytest.raises(ServingError, match="batch size 64. Lower batch_size="):
            client_of(server).encode(["a"])


class TestWhichModel:
    def test_an_unknown_model_says_where_names_come_from(self, server):
        with pytest.raises(ServingError, match='answered 404: Servable not found.*name "job".*models.config'):
            Client(server.url, "job").encode(["a"])

    def test_an_unknown_version_lists_those_there_are(self, server):
        with pytest.raises(ServingError, match=r"its versions: 2 \(AVAILABLE\), 1 \(AVAILABLE\)"):
            client_of(server, version=9).encode(["a"])

    @pytest.mark.parametrize(
        ("options", "path"),
        [
            ({}, "/v1/models/jobs:predict"),
            ({"version": 2}, "/v1/models/jobs/versions/2:predict"),
            ({"label": "stable"}, "/v1/models/jobs/labels/stable:predict"),
        ],
    )
    def test_version_and_label_are_part_of_the_path(self, server, options, path):
        client_of(server, **options).encode(["a"])
        assert server.requests[0].path == path

    @pytest.mark.parametrize(
        ("url", "model", "version", "label", "expected"),
        [
            ("http://h:8501", "m", None, None, "http://h:8501/v1/models/m"),
            ("http://h:8501/", "m", 3, None, "http://h:8501/v1/models/m/versions/3"),
            ("http://h:8501/v1/models", "m", None, None, "http://h:8501/v1/models/m"),
            ("http://h/v1/models/m", None, None, "b", "http://h/v1/models/m/labels/b"),
            ("http://h/v1/models/m/versions/12:predict", None, None, None, "http://h/v1/models/m/versions/12"),
            ("http://h/v1/models/m/labels/stable/", "m", None, None, "http://h/v1/models/m/labels/stable"),
            ("https://h/a/b/v1/models/m%20n", None, None, None, "https://h/a/b/v1/models/m%20n"),
            ("http://[::1]:8501", "m n", None, None, "http://[::1]:8501/v1/models/m%20n"),
        ],
    )
    def test_addresses_in_every_form(self, url, model, version, label, expected):
        assert model_address(url, model, version, label).status_url == expected

    @pytest.mark.parametrize(
        ("url", "options", "message"),
        [
            ("http://h:8501", {}, "names no model"),
            ("h:8501", {"model": "m"}, "no server's address"),
            ("grpc://h:8500", {"model": "m"}, "no server's address"),
            ("http://", {"model": "m"}, "no server's address"),
            ("http://h:port", {"model": "m"}, "no address"),
            ("http://h:8501?model=m", {"model": "m"}, "no server's address"),
            ("http://user:secret@h", {"model": "m"}, "holds a user name"),
            ("http://h/v1/models/m/versions/x", {}, "no model's address"),
            ("http://h/v1/models/m", {"model": "n"}, "model 'm' and model='n'"),
            ("http://h/v1/models/m/versions/1", {"version": 2}, "version 1 and version=2"),
            ("http://h/v1/models/m/versions/1", {"label": "a"}, "version 1 and label 'a'"),
            ("http://h", {"model": "m", "version": 1, "label": "a"}, "Expected one of them"),
            ("http://h", {"model": "m", "version": "1"}, "version='1'"),
            ("http://h", {"model": "m", "version": True}, "version=True"),
            ("http://h", {"model": "a/b"}, "model='a/b'"),
            ("http://h", {"model": "m", "timeout": 0}, "timeout=0"),
            ("http://h", {"model": "m", "timeout": math.nan}, "timeout=nan"),
            ("http://h", {"model": "m", "deadline": -1}, "deadline=-1"),
            ("http://h", {"model": "m", "retries": -1}, "retries=-1"),
            ("http://h", {"model": "m", "batch_size": 0}, "batch_size=0"),
            ("http://h", {"model": "m", "connections": 1.5}, "connections=1.5"),
            (8501, {"model": "m"}, "Received: 8501"),
            (
                "http://h",
                {"model": "m", "headers": {"Authorization": "secret\n"}},
                r"headers\['Authorization'\] cannot",
            ),
            ("http://h", {"model": "m", "headers": {"Authorization": "secretβ"}}, "printable ASCII"),
            ("http://h", {"model": "m", "headers": {"a b": "c"}}, r"headers\['a b'\]"),
            ("http://h", {"model": "m", "headers": {"a": 1}}, r"headers\['a'\]"),
        ],
    )
    def test_what_cannot_be_asked_is_refused_at_once(self, url, options, message):
        with pytest.raises(SettingsError, match=message) as caught:
            Client(url, **options)
        assert "secret" not in str(caught.value)

    def test_options_go_by_their_names(self):
        with pytest.raises(TypeError, match="positional"):
            Client("http://h", "m", 3)

    def test_batches_are_not_larger_than_an_export_lets_them_be(self):
        default = inspect.signature(Client).parameters["batch_size"].default
        assert default <= BatchingParameters().max_batch_size

    def test_a_prompt_has_a_name(self, server):
        with pytest.raises(SettingsError, match="prompt_name"):
            client_of(server).encode(["a"], prompt_name="")


class TestStatusAndMetadata:
    def test_status_lists_versions_newest_first(self, server):
        assert [(s.version, s.state, s.error) for s in client_of(server).status()] == [
            (2, "AVAILABLE", ""),
            (1, "AVAILABLE", ""),
        ]

    def test_a_version_that_failed_says_why(self, server):
        entry = {"version": "3", "state": "END", "status": {"error_code": "NOT_FOUND", "error_message": "no file"}}
        server.faults.append(Fault(body=json.dumps({"model_version_status": [entry]})))
        assert client_of(server).status() == [(3, "END", "NOT_FOUND: no file")]

    def test_metadata_holds_the_signatures(self, server):
        metadata = client_of(server).metadata()
        assert metadata["model_spec"]["version"] == "2"
        assert "similarity" in metadata["metadata"]["signature_def"]["signature_def"]

    @pytest.mark.parametrize("body", ['{"a": 1}', '{"metadata": []}', '{"model_version_status": [{}]}'])
    @pytest.mark.parametrize("method", ["status", "metadata"])
    def test_other_json_is_no_status_and_no_metadata(self, server, method, body):
        server.faults.append(Fault(body=body))
        with pytest.raises(ServingError, match=f"answered with no {method} of a model"):
            getattr(client_of(server), method)()

    def test_waiting_ends_when_a_version_is_available(self, server):
        loading = {"version": "2", "state": "LOADING", "status": {"error_code": "OK", "error_message": ""}}
        server.faults.extend([Fault(503), Fault(404, "{}"), Fault(cut=True)])
        server.faults.append(Fault(body=json.dumps({"model_version_status": [loading]})))
        client_of(server).wait_until_ready(60)
        assert len(server.requests) == 5

    def test_waiting_in_vain_says_what_was_seen_last(self, server):
        entry = {"version": "2", "state": "END", "status": {"error_code": "UNKNOWN", "error_message": "bad op"}}
        server.faults.extend([Fault(body=json.dumps({"model_version_status": [entry]}))] * 100)
        with pytest.raises(ServingError, match="not ready after 0.2 s. Last seen: version 2 is END UNKNOWN: bad op"):
            client_of(server).wait_until_ready(0.2)


def test_the_client_imports_neither_tensorflow_nor_a_server():
    code = "import sys, tfsiamese.serving.client; print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "keras", "pandas", "starlette", "uvicorn", "prometheus_client"}
    assert heavy & set(finished.stdout.split()) == set()
