import sqlite3
import subprocess
import sys

import pytest

from tfsiamese.errors import DataError, GenerationError
from tfsiamese.generation.runs import AnswerStore, Spending, StoredAnswer, request_key
from tfsiamese.generation.writers import Request, Usage

ANSWER = StoredAnswer('{"items": []}', is_refusal=False)
REQUEST = Request("Be brief.", "About Ü.", {"type": "object"})


def test_an_answer_is_found_again_by_another_store(tmp_path):
    path = tmp_path / "new" / "answers.sqlite"
    with AnswerStore(path) as store:
        number = store.begin("a", 50)
        store.answer(number, "a", "openai:m", ANSWER, Usage(30, 12))
    with AnswerStore(path) as store:
        assert store.find("a") == ANSWER
        assert store.find("b") is None
        assert store.spending() == Spending(requests=1, tokens=42, input_tokens=30, output_tokens=12)


def test_a_refusal_is_an_answer_for_good(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.answer(store.begin("a", 1), "a", "m", StoredAnswer("I cannot", is_refusal=True), Usage())
        assert store.find("a") == StoredAnswer("I cannot", is_refusal=True)


def test_a_failed_request_is_paid_and_not_answered(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.fail(store.begin("a", 50), "HTTP 500", Usage(7, 0))
        assert store.find("a") is None
        assert store.spending() == Spending(requests=1, tokens=7, input_tokens=7)


def test_a_request_whose_process_died_counts_by_its_estimate(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.begin("a", 50)
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert store.spending() == Spending(requests=1, tokens=50)


def test_what_was_answered_survives_a_process_that_ends_at_once(tmp_path):
    program = (
        "import os, sys\n"
        "from tfsiamese.generation.runs import AnswerStore, StoredAnswer\n"
        "from tfsiamese.generation.writers import Usage\n"
        "store = AnswerStore(sys.argv[1])\n"
        "store.answer(store.begin('a', 1), 'a', 'm', StoredAnswer('yes', False), Usage())\n"
        "store.begin('b', 5)\n"
        "os._exit(9)\n"
    )
    path = tmp_path / "a.sqlite"
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=120).returncode == 9
    with AnswerStore(path) as store:
        assert store.find("a") == StoredAnswer("yes", is_refusal=False)
        assert store.spending().requests == 2


def test_one_process_at_a_time_holds_the_store(tmp_path):
    with (
        AnswerStore(tmp_path / "a.sqlite"),
        pytest.raises(GenerationError, match=r"Another process writes into .*a\.sqlite"),
    ):
        AnswerStore(tmp_path / "a.sqlite")


def test_a_store_that_is_only_looked_at_is_not_made(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite", for_reading=True) as store:
        assert store.find("a") is None
        assert store.spending() == Spending()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("question,answer\n" * 100)
    with pytest.raises(DataError, match=r"pairs\.csv is not a store of answers"):
        AnswerStore(path)
    assert path.read_text() == "question,answer\n" * 100


def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    content = path.read_bytes()
    for for_reading in (True, False):
        with pytest.raises(DataError, match="a database of something else"):
            AnswerStore(path, for_reading)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(GenerationError, match="is a folder"):
        AnswerStore(tmp_path)


def test_a_damaged_store_is_refused(tmp_path):
    path = tmp_path / "a.sqlite"
    with AnswerStore(path) as store:
        for key in map(str, range(200)):
            store.answer(store.begin(key, 1), key, "m", StoredAnswer("x" * 200, is_refusal=False), Usage())
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"), AnswerStore(path) as store:
        store.find("a")


@pytest.mark.parametrize(
    ("writer", "request_"),
    [
        ("openai:n", REQUEST),
        ("openai:m", Request("Be long.", "About Ü.", {"type": "object"})),
        ("openai:m", Request("Be brief.", "About O.", {"type": "object"})),
        ("openai:m", Request("Be brief.", "About Ü.", {"type": "array"})),
        ("openai:m", Request("Be brief.", "About Ü.", {"type": "object"}, temperature=0.5)),
        ("openai:m", Request("Be brief.", "About Ü.", {"type": "object"}, max_output_tokens=10)),
    ],
)
def test_whatever_changes_an_answer_changes_its_key(writer, request_):
    assert request_key(writer, request_) != request_key("openai:m", REQUEST)


def test_the_key_does_not_depend_on_the_order_of_the_schema():
    left, right = Request("", "m", {"a": 1, "b": 2}), Request("", "m", {"b": 2, "a": 1})
    assert request_key("w", left) == request_key("w", right)


def test_what_a_killed_process_left_can_be_looked_at_and_stays_as_it_is(tmp_path):
    path = tmp_path / "a.sqlite"
    program = (
        "import os, sys\n"
        "from tfsiamese.generation.runs import AnswerStore, StoredAnswer\n"
        "from tfsiamese.generation.writers import Usage\n"
        "store = AnswerStore(sys.argv[1])\n"
        "store.answer(store.begin('a', 1), 'a', 'm', StoredAnswer('yes', False), Usage())\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=120)
    content = path.read_bytes()
    with AnswerStore(path, for_reading=True) as store:
        assert store.find("a") == StoredAnswer("yes", is_refusal=False)
    assert path.read_bytes() == content


def test_an_empty_file_is_looked_at_as_an_empty_store_and_stays_empty(tmp_path):
    path = tmp_path / "a.sqlite"
    path.touch()
    with AnswerStore(path, for_reading=True) as store:
        assert store.find("a") is None
        assert store.spending() == Spending()
    assert path.read_bytes() == b""


def test_half_of_a_surrogate_pair_is_stored_as_a_question_mark(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.answer(store.begin("a", 1), "a", "m", StoredAnswer("x\ud800y", is_refusal=False), Usage())
        store.fail(store.begin("b", 1), "\ud800", Usage())
        assert store.find("a") == StoredAnswer("x?y", is_refusal=False)


@pytest.mark.parametrize(("tokens", "counted"), [(10**30, 2**40), (-50_000, 0)])
def test_absurd_counts_of_tokens_are_held_within_reason(tmp_path, tokens, counted):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.answer(store.begin("a", 7), "a", "m", StoredAnswer("x", is_refusal=False), Usage(tokens, 5))
        assert store.spending().input_tokens == counted


def test_an_answer_whose_cost_the_service_does_not_tell_counts_by_its_estimate(tmp_path):
    with AnswerStore(tmp_path / "a.sqlite") as store:
        store.answer(store.begin("a", 70), "a", "m", StoredAnswer("x", is_refusal=False), Usage())
        store.fail(store.begin("b", 70), "HTTP 500", Usage())
        assert store.spending().tokens == 70
