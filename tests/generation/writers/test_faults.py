"""Every fault, through both APIs, becomes the failure that says what to do, and none shows the key."""

import json
import logging
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.generation.fault_server import OTHERS, PLANNED, FaultServer
from tests.generation.writers.samples import APIS, KEY, VARIABLE, request, writer_for
from tfsiamese.generation.writers import (
    RefusalError,
    RejectedRequestError,
    TemporaryError,
    UnusableAnswerError,
    UnusableWriterError,
    Usage,
    WriterError,
    make_writer,
    service_writer,
)

KINDS = {
    "rate-limit": TemporaryError,
    "error-500": TemporaryError,
    "unavailable": TemporaryError,
    "cut": TemporaryError,
    "cut-body": TemporaryError,
    "truncated": UnusableAnswerError,
    "empty": UnusableAnswerError,
    "refusal": RefusalError,
    "content-filter": RefusalError,
    "quota": UnusableWriterError,
    "bad-request": RejectedRequestError,
    "too-large": RejectedRequestError,
    "forbidden": UnusableWriterError,
    "redirect": UnusableWriterError,
    "html": TemporaryError,
    "not-http": TemporaryError,
    "flood": UnusableAnswerError,
    "not-implemented": UnusableWriterError,
    "odd-charset": TemporaryError,
    "odd-details": TemporaryError,
}
PAID = ("truncated", "empty", "refusal", "content-filter")


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with FaultServer(key=KEY) as server:
        yield server


def failure_after(server, api, fault, timeout=5.0) -> WriterError:
    server.next_faults.append(fault)
    writer = writer_for(server, api, timeout=timeout)
    with pytest.raises(WriterError) as raised:
        writer.write(request())
    writer.close()
    return raised.value


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("fault", KINDS)
def test_each_fault_becomes_the_failure_that_says_what_to_do(server, api, fault):
    failure = failure_after(server, api, fault)
    assert type(failure) is KINDS[fault]
    assert (failure.usage.input_tokens > 0) == (fault in PAID)
    assert "\n" not in failure.reason
    assert getattr(failure, "is_rate_limit", False) == (fault in ("rate-limit", "odd-details"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("fault", ["slow", "trickle", "trickle-headers"])
def test_an_answer_that_does_not_come_in_time_is_given_up(server, api, fault):
    failure = failure_after(server, api, fault, timeout=0.2)
    assert type(failure) is TemporaryError
    assert "within" in failure.reason


@pytest.mark.parametrize("api", APIS)
def test_a_wait_that_the_service_asks_for_is_passed_on(server, api):
    server.retry_after = "1.5"
    assert failure_after(server, api, "rate-limit").retry_after == 1.5


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("charset", ["rot13", "hex", "idna", "undefined", "no-such"])
def test_an_error_in_an_odd_charset_keeps_its_message_and_its_wait(server, api, charset):
    server.charset = charset
    failure = failure_after(server, api, "odd-charset")
    assert failure.reason.startswith("HTTP 500: Overloaded \ufffd. [received")
    assert failure.retry_after == 2


@pytest.mark.parametrize("api", APIS)
def test_a_server_that_takes_no_post_is_the_wrong_address(server, api):
    assert failure_after(server, api, "not-implemented").reason == (
        "HTTP 501: Not Implemented. Check the base URL and the service's name of the model."
    )


@pytest.mark.parametrize("api", APIS)
def test_an_error_that_cannot_be_told_is_temporary(server, api, monkeypatch):
    def fail(*_):
        raise KeyError("what nobody thought of")

    monkeypatch.setattr(service_writer, "failure_of_response", fail)
    failure = failure_after(server, api, "error-500")
    assert type(failure) is TemporaryError
    assert failure.reason.startswith(f"http://127.0.0.1:{server.server_port}")
    assert failure.reason.endswith(": InternalServerError" if api == "openai" else ": ServerError")


@pytest.mark.parametrize("api", APIS)
def test_negative_and_broken_counts_of_tokens_are_no_gain(server, api):
    server.next_faults.append("odd-counts")
    assert writer_for(server, api).write(request()).usage == Usage(0, 7)


@pytest.mark.parametrize("api", APIS)
def test_an_answer_fits_the_schema_and_is_counted(server, api):
    answer = writer_for(server, api).write(request(temperature=0.3, max_output_tokens=99))
    (item,) = json.loads(answer.text)["items"]
    assert set(item) == {"question", "answer"}
    assert answer.usage.input_tokens > 20
    assert answer.usage.output_tokens > 5
    body = server.requests[0].body
    sent = body["generationConfig"] if api == "gemini" else body
    assert sent["temperature"] == 0.3
    assert sent["maxOutputTokens" if api == "gemini" else "max_tokens"] == 99


@pytest.mark.parametrize("api", APIS)
def test_reasoning_and_fences_around_an_answer_are_taken_away(server, api):
    server.next_faults.append("fenced")
    assert json.loads(writer_for(server, api).write(request()).text)["items"]


@pytest.mark.parametrize("api", APIS)
def test_text_that_is_not_json_is_handed_on_for_the_reader_to_judge(server, api):
    server.next_faults.append("invalid-json")
    text = writer_for(server, api).write(request()).text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


@pytest.mark.parametrize("api", APIS)
def test_a_wrong_key_and_an_unknown_model_make_the_writer_unusable(server, api, monkeypatch):
    server.models = ["any"]
    with pytest.raises(UnusableWriterError, match="404.*Check the name of the model"):
        writer_for(server, api, model="other").write(request())
    wrong = "sk-another-key-altogether"
    monkeypatch.setenv(VARIABLE, wrong)
    with pytest.raises(UnusableWriterError, match="Expected a valid key") as raised:
        writer_for(server, api).write(request())
    assert wrong not in raised.value.reason
    assert "***" in raised.value.reason


@pytest.mark.parametrize("api", APIS)
def test_the_key_is_in_no_message_answer_log_record_or_traceback(server, api, caplog):
    """The server echoes the key plain, quoted, in base64 and in JSON, in bodies and headers."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.NOTSET)
    writer = writer_for(server, api, timeout=0.3)
    told = [repr(writer), str(vars(writer))]
    for fault in (*PLANNED, *OTHERS):
        server.next_faults.append(fault)
        try:
            told.append(repr(writer.write(request())))
        except WriterError as failure:
            assert failure.__context__ is None
            assert failure.__cause__ is None
            logging.getLogger("a caller").exception("failed: %r", failure)
            told += ["".join(traceback.format_exception(failure)), repr(vars(failure))]
    writer.close()
    told += [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    everything = "\n".join(told)
    assert "***" in everything
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    for guise in (KEY, json.dumps(KEY)[1:-1], "sk-s3cr3t", "c2stczNjcjN0"):
        assert guise not in everything
    assert all(entry["key"] == "right" for entry in server.entries)


@pytest.mark.parametrize("api", APIS)
def test_a_writer_cannot_be_pickled_and_a_closed_one_says_so(server, api):
    writer = writer_for(server, api)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(writer)
    writer.close()
    writer.close()
    with pytest.raises(UnusableWriterError, match="closed"):
        writer.write(request())


@pytest.mark.parametrize("api", APIS)
def test_a_writer_is_closed_at_the_end_of_its_block(server, api):
    with pytest.raises(ZeroDivisionError), writer_for(server, api) as writer:
        assert writer.write(request()).text
        raise ZeroDivisionError
    with pytest.raises(UnusableWriterError, match="closed"):
        writer.write(request())


@pytest.mark.parametrize("api", APIS)
def test_a_server_that_wants_a_key_and_got_none_says_how_to_name_one(server, api, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    url = server.openai_url if api == "openai" else server.gemini_url
    with make_writer(f"{api}:any", base_url=url) as writer, pytest.raises(UnusableWriterError) as raised:
        writer.write(request())
    advice = f"No key was sent to 127.0.0.1:{server.server_port}: name the environment variable that holds it with "
    assert raised.value.reason.endswith(f". {advice}--key-variable (key_variable= in Python).")
    assert server.requests[0].key == "none"


@pytest.mark.parametrize("api", APIS)
def test_a_forbidden_model_without_a_key_may_need_one(api):
    with FaultServer() as server:
        server.next_faults.append("forbidden")
        url = server.openai_url if api == "openai" else server.gemini_url
        with make_writer(f"{api}:any", base_url=url) as writer, pytest.raises(UnusableWriterError) as raised:
            writer.write(request())
    assert "HTTP 403" in raised.value.reason
    assert "No key was sent" in raised.value.reason


@pytest.mark.parametrize("api", APIS)
def test_half_a_surrogate_pair_in_an_answer_is_replaced(server, api):
    server.next_faults.append("half-pair")
    with writer_for(server, api) as writer:
        text = writer.write(request()).text
    assert "\ufffd?" in text
    assert text.encode()


@pytest.mark.parametrize("api", APIS)
def test_a_server_that_does_not_run_may_run_later(server, api):
    writer = writer_for(server, api)
    server.shutdown()
    server.server_close()
    server.shutdown = server.server_close = lambda: None
    with pytest.raises(TemporaryError, match="refused"):
        writer.write(request())


@pytest.mark.parametrize("api", APIS)
def test_threads_share_a_writer_and_get_their_own_answers_and_failures(server, api):
    writer = writer_for(server, api)
    ends = ("FAIL-ALWAYS", "of its own", "of its own")
    passages = [f"Word{number} stands in a sentence {ends[number % 3]}." for number in range(24)]

    def ask(passage: str) -> str:
        try:
            return writer.write(request(passage)).text
        except TemporaryError as failure:
            return failure.reason

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ask, passages))
    for passage, said in zip(passages, told, strict=True):
        assert said.startswith("HTTP 500") if "FAIL" in passage else passage.split()[0] in said
    assert len(server.requests) == 24


def test_a_character_that_utf8_has_not_fails_its_request_alone(server):
    writer = writer_for(server, "openai")
    with pytest.raises(RejectedRequestError, match="UTF-8"):
        writer.write(request("half a pair: \ud800"))
    assert writer.write(request()).text
