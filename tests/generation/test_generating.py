import json
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from tfsiamese.errors import DataError, GenerationError, SettingsError
from tfsiamese.generation import (
    ChunkSettings,
    FilterSettings,
    GenerationSettings,
    RequestLimits,
    estimate_generation,
    generate_pairs,
    writing,
)
from tfsiamese.generation.corpus import chunked
from tfsiamese.generation.documents import Block, Document, UnreadableFile
from tfsiamese.generation.runs import Pace, asking, crew
from tfsiamese.generation.writers import Answer, RefusalError, Request, TemporaryError, Usage
from tfsiamese.pairs import read_examples

TOPICS = ["anchors", "beacons", "canals", "docks", "estuaries", "ferries"]

FREELY = FilterSettings(near_duplicates=None, check_language=False)


def paragraph(topic: str) -> str:
    return (
        f"The handbook describes {topic} at length, since every harbour has them. "
        f"A master who looks after {topic} writes down what was repaired, and when, and by whom."
    )


class Parrot:
    """Writes what `says` makes of each message."""

    name = "parrot:1"

    def __init__(
        self, says=lambda topic: [{"question": f"Who looks after {topic}?", "answer": f"A master of {topic}."}]
    ):
        self._says = says
        self._lock = threading.Lock()
        self.requests: list[Request] = []

    def write(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
        (topic,) = [topic for topic in TOPICS if f"describes {topic}" in request.message]
        return Answer(json.dumps({"items": self._says(topic)}), Usage(100, 20))

    def close(self) -> None:
        raise AssertionError("a writer that was given is its owner's to close")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for topic in TOPICS:
        (folder / f"{topic}.txt").write_text(paragraph(topic), encoding="utf-8")
    return folder


def unused(out: Path) -> list[dict]:
    lines = out.with_name(f"{out.stem}.unused.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_writer_of_ones_own_writes_the_pairs(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    result = generate_pairs(documents, out, writer=writer, settings=GenerationSettings(filters=FREELY))
    assert (result.writer, result.task, result.num_documents, result.num_chunks) == ("parrot:1", "qa", 6, 6)
    assert (result.num_written, result.num_pairs, result.num_validation) == (6, 6, 0)
    assert (result.spending.requests, result.spending.tokens) == (6, 720)
    assert read_examples(out).anchors == [f"Who looks after {topic}?" for topic in TOPICS]
    report = (tmp_path / "pairs.report.md").read_text(encoding="utf-8")
    assert "6 requests, 600 input and 120 output tokens in all runs" in report


def test_what_a_service_says_about_a_chunk_decides_how_it_ends(documents, tmp_path):
    def says(topic: str) -> list[dict]:
        if topic == "canals":
            raise RefusalError("content filter")
        if topic == "docks":
            return []
        good = {"question": f"Who looks after {topic}?", "answer": f"A master of {topic}."}
        return [good, {"question": "?"}] if topic == "ferries" else [good]

    out = tmp_path / "pairs.csv"
    result = generate_pairs(documents, out, writer=Parrot(says), settings=GenerationSettings(filters=FREELY))
    assert result.num_pairs == 4
    assert sorted((entry["source"], entry["reason"], entry.get("detail", "")) for entry in unused(out)) == [
        ("canals.txt", "refused", "content filter"),
        ("docks.txt", "nothing to write about", ""),
        ("ferries.txt", "broken item", "answer is None, not a text"),
    ]
    assert result.reasons("chunk") == [("refused", 1), ("nothing to write about", 1)]
    assert result.reasons("item") == [("broken item", 1)]


def test_another_prompt_or_number_of_pairs_is_asked_and_the_first_is_kept(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    for num_pairs, expected in ((3, 6), (2, 12), (3, 12)):
        generate_pairs(documents, out, writer=writer, settings=GenerationSettings(num_pairs=num_pairs, filters=FREELY))
        assert len(writer.requests) == expected


def test_a_document_that_changed_is_asked_about_again_and_no_other(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    settings = GenerationSettings(filters=FREELY)
    generate_pairs(documents, out, writer=writer, settings=settings)
    (documents / "docks.txt").write_text(paragraph("docks") + " A second master helps.", encoding="utf-8")
    result = generate_pairs(documents, out, writer=writer, settings=settings)
    assert len(writer.requests) == 7
    assert result.num_reused == 5


def test_a_budget_holds_over_several_runs(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    for budget, asked in ((2, 2), (2, 2), (5, 5)):
        settings = GenerationSettings(filters=FREELY, limits=RequestLimits(max_requests=budget))
        result = generate_pairs(documents, out, writer=writer, settings=settings)
        assert len(writer.requests) == asked
        assert result.num_pairs == asked
        assert dict(result.reasons("chunk")) == {"not asked": 6 - asked}


def test_a_budget_of_tokens_holds_what_was_estimated(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    one = estimate_generation(documents, out, writer=Parrot())
    tokens = (one.input_tokens + one.output_tokens) // 6
    # The first request leaves room for another as soon as its real cost, 120 tokens, is known.
    limits = RequestLimits(concurrency=1, max_tokens=tokens + 200)
    result = generate_pairs(documents, out, writer=writer, settings=GenerationSettings(filters=FREELY, limits=limits))
    assert result.spending.requests == 2
    assert result.spending.tokens == 240


def test_held_out_documents_are_whole_documents_with_a_retrieval_set(documents, tmp_path):
    out = tmp_path / "pairs.csv"
    settings = GenerationSettings(filters=FREELY, validation=0.4)
    result = generate_pairs(documents, out, writer=Parrot(), settings=settings)
    training, validation = read_examples(out), read_examples(tmp_path / "pairs.validation.csv")
    assert len(training) + len(validation) == 6
    assert result.num_validation == len(validation)
    corpus = (tmp_path / "pairs.retrieval" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(corpus) == len(validation)


def test_chunks_measured_in_tokens_take_those_of_the_encoder(documents, tmp_path):
    class WordCounter:
        source = "words"

        def num_tokens(self, texts):
            return [len(text.split()) for text in texts]

    settings = GenerationSettings(chunks=ChunkSettings(size=16, unit="tokens", min_size=40))
    words = WordCounter()
    assert (
        estimate_generation(documents, tmp_path / "p.csv", writer=Parrot(), settings=settings, encoder=words).num_chunks
        == 12
    )
    with pytest.raises(SettingsError, match="need an encoder, whose tokens they are"):
        generate_pairs(documents, tmp_path / "p.csv", writer=Parrot(), settings=settings)


def test_a_request_holds_what_the_settings_say(documents, tmp_path):
    prompt = tmp_path / "mine.md"
    prompt.write_text("{num_pairs} questions, {language}.\n---\n{source}: {passage}", encoding="utf-8")
    writer = Parrot()
    settings = GenerationSettings(
        num_pairs=4, language="fr", prompt=prompt, temperature=np.float32(0.5), max_output_tokens=np.int64(99)
    )
    generate_pairs(documents, tmp_path / "pairs.csv", writer=writer, settings=settings)
    request = min(writer.requests, key=lambda request: request.message)
    assert (request.instructions, request.temperature, request.max_output_tokens) == (
        "4 questions, in French.",
        0.5,
        99,
    )
    assert request.message == f"anchors.txt: {paragraph('anchors')}"
    assert request.schema["properties"]["items"]["items"]["required"] == ["question", "answer"]


def test_rate_limits_spread_the_requests_of_a_run(documents, tmp_path, monkeypatch):
    reserved = []

    class Watched(Pace):
        def reserve(self, tokens: int) -> float:
            seconds = super().reserve(tokens)
            reserved.append(seconds)
            return 0.0

    monkeypatch.setattr(writing, "Pace", Watched)
    limits = RequestLimits(requests_per_minute=60)
    settings = GenerationSettings(filters=FREELY, limits=limits)
    generate_pairs(documents, tmp_path / "pairs.csv", writer=Parrot(), settings=settings)
    assert max(reserved) > 4.5


def test_a_budget_of_tokens_holds_over_several_runs(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    for budget, asked in ((800, 1), (800, 1)):
        limits = RequestLimits(concurrency=1, max_tokens=budget)
        settings = GenerationSettings(filters=FREELY, limits=limits)
        generate_pairs(documents, out, writer=writer, settings=settings)
        first = len(writer.requests)
        assert first >= asked
        generate_pairs(documents, out, writer=writer, settings=settings)
        assert len(writer.requests) == first


def test_chunks_are_asked_in_an_order_that_the_seed_decides(documents, tmp_path):
    orders = []
    for seed in (1, 1, 2):
        writer = Parrot()
        settings = GenerationSettings(filters=FREELY, seed=seed, limits=RequestLimits(concurrency=1))
        generate_pairs(documents, tmp_path / f"{len(orders)}.csv", writer=writer, settings=settings)
        orders.append([request.message for request in writer.requests])
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_another_seed_holds_out_other_documents(documents, tmp_path):
    held_out = set()
    for seed in range(6):
        settings = GenerationSettings(filters=FREELY, validation=0.3, seed=seed)
        generate_pairs(documents, tmp_path / "pairs.csv", writer=Parrot(), settings=settings)
        held_out.add(tuple(read_examples(tmp_path / "pairs.validation.csv").anchors))
    assert len(held_out) > 1


def test_the_retrieval_set_holds_all_chunks_of_its_documents(documents, tmp_path):
    for topic in TOPICS:
        path = documents / f"{topic}.txt"
        more = (
            f"Nobody has ever asked anything about the other side of {topic}, which is a pity for everybody involved."
        )
        path.write_text(f"{paragraph(topic)}\n\n{more}", encoding="utf-8")

    def says(topic: str) -> list[dict]:
        return [{"question": f"Who looks after {topic}?", "answer": f"A master of {topic}."}]

    class Forgetful(Parrot):
        def write(self, request: Request) -> Answer:
            if "Nobody" in request.message:
                return Answer('{"items": []}', Usage(1, 1))
            return super().write(request)

    settings = GenerationSettings(filters=FREELY, validation=0.4, chunks=ChunkSettings(size=200))
    result = generate_pairs(documents, tmp_path / "pairs.csv", writer=Forgetful(says), settings=settings)
    corpus = (tmp_path / "pairs.retrieval" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(corpus) == 2 * result.num_validation


def test_the_next_run_takes_none_of_these_files_for_documents(documents):
    out = documents / "pairs.csv"
    settings = GenerationSettings(filters=FREELY, validation=0.4)
    first = generate_pairs(documents, out, writer=Parrot(), settings=settings)
    again = generate_pairs(documents, out, writer=Parrot(), settings=settings)
    assert (again.num_documents, again.num_unreadable, again.num_chunks) == (6, 0, first.num_chunks)


def test_a_document_is_never_overwritten(documents, tmp_path):
    table = tmp_path / "faq.csv"
    table.write_text(f"title,body\none,{paragraph('docks')}\n", encoding="utf-8")
    settings = GenerationSettings(text_columns=["body"], filters=FREELY)
    with pytest.raises(SettingsError, match=r"faq\.csv is a document and would be overwritten"):
        generate_pairs([documents, table], table, writer=Parrot(), settings=settings)
    assert table.read_text(encoding="utf-8").startswith("title,body")


def test_held_out_files_of_an_earlier_run_do_not_stay_beside_other_pairs(documents, tmp_path):
    out = tmp_path / "pairs.csv"
    generate_pairs(documents, out, writer=Parrot(), settings=GenerationSettings(filters=FREELY, validation=0.4))
    assert (tmp_path / "pairs.retrieval").is_dir()
    generate_pairs(documents, out, writer=Parrot(), settings=GenerationSettings(filters=FREELY))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"docs", "pairs.csv", "pairs.report.md", "pairs.unused.jsonl", "pairs.answers.sqlite"}


def test_one_document_cannot_be_split_and_nothing_is_asked(documents, tmp_path):
    writer = Parrot()
    with pytest.raises(DataError, match="There is one document"):
        generate_pairs(
            documents / "docks.txt", tmp_path / "p.csv", writer=writer, settings=GenerationSettings(validation=0.5)
        )
    assert writer.requests == []


def test_where_one_request_after_the_other_fails_the_pairs_so_far_are_written_and_the_run_fails(
    documents, tmp_path, monkeypatch
):
    monkeypatch.setattr(asking, "_FIRST_WAIT", 0.0)
    monkeypatch.setattr(crew, "_MOST_FAILURES_IN_A_ROW", 3)

    class Dying(Parrot):
        def write(self, request: Request) -> Answer:
            if len(self.requests) >= 2:
                raise TemporaryError("HTTP 503: gone")
            return super().write(request)

    settings = GenerationSettings(filters=FREELY, limits=RequestLimits(concurrency=1, max_attempts=2))
    with pytest.raises(GenerationError, match=r"Not all chunks were asked about: the last 3 requests all failed"):
        generate_pairs(documents, tmp_path / "pairs.csv", writer=Dying(), settings=settings)
    assert len(read_examples(tmp_path / "pairs.csv")) == 2
    reasons = [entry["reason"] for entry in unused(tmp_path / "pairs.csv")]
    assert sorted(reasons) == ["failed", "failed", "failed", "not asked"]
    result = generate_pairs(documents, tmp_path / "pairs.csv", writer=Parrot(), settings=settings)
    assert (result.num_pairs, result.num_reused) == (6, 2)


def test_an_answer_that_cannot_be_read_any_more_is_asked_for_again(documents, tmp_path):
    writer, out = Parrot(), tmp_path / "pairs.csv"
    settings = GenerationSettings(filters=FREELY)
    generate_pairs(documents, out, writer=writer, settings=settings)
    with sqlite3.connect(tmp_path / "pairs.answers.sqlite") as connection:
        connection.execute("UPDATE answers SET text='{' WHERE rowid=1")
    connection.close()
    result = generate_pairs(documents, out, writer=writer, settings=settings)
    assert (result.num_pairs, result.num_reused, len(writer.requests)) == (6, 5, 7)


def test_a_dry_run_refuses_what_the_run_refuses(documents, tmp_path):
    for options in (
        {"writer": "nonsense:x"},
        {"writer": "openai:m", "base_url": "nonsense"},
        {"writer": "extractive", "task": "qa"},
        {"writer": "openai:m", "settings": GenerationSettings(prompt=tmp_path / "none.md")},
    ):
        with pytest.raises((SettingsError, FileNotFoundError)):
            estimate_generation(documents, tmp_path / "pairs.csv", **options)


def test_a_round_trip_needs_an_encoder(documents, tmp_path):
    settings = GenerationSettings(filters=FilterSettings(round_trip=5))
    with pytest.raises(SettingsError, match="round-trip filter needs an encoder"):
        generate_pairs(documents, tmp_path / "pairs.csv", writer=Parrot(), settings=settings)


def test_when_no_pair_is_left_the_report_says_why_and_an_earlier_file_stays(documents, tmp_path):
    out = tmp_path / "pairs.csv"
    out.write_text("question,answer\nearlier,pair\n", encoding="utf-8")
    writer = Parrot(lambda topic: [{"question": "What does the text say?", "answer": "Many things about harbours."}])
    with pytest.raises(DataError, match=r"No pair is left of 6 that were written\. .*pairs\.report\.md says why"):
        generate_pairs(documents, out, writer=writer, settings=GenerationSettings(filters=FREELY))
    assert out.read_text(encoding="utf-8") == "question,answer\nearlier,pair\n"
    assert "names the text: 6" in (tmp_path / "pairs.report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "settings",
    [
        {"num_pairs": 0},
        {"num_pairs": 1.5},
        {"seed": -1},
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"max_output_tokens": 0},
        {"validation": 1},
        {"validation": -0.1},
        {"text_columns": "body"},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        GenerationSettings(**settings)


def test_of_two_chunks_with_one_text_the_first_is_written_about():
    documents = [
        Document("a.txt", "", (Block(paragraph("docks")),)),
        UnreadableFile("b.pdf", "it is damaged"),
        Document(
            "c.txt",
            "",
            (Block(paragraph("docks").replace("handbook", "Handbook")), Block("More", "heading", 1), Block("Short.")),
        ),
    ]
    corpus = chunked(documents, ChunkSettings(size=400, min_size=40))
    assert [chunk.source for chunk in corpus.chunks] == ["a.txt"]
    assert (corpus.num_documents, corpus.num_unreadable) == (2, 1)
    assert [(entry.kind, entry.reason, entry.source, entry.detail) for entry in corpus.unused] == [
        ("file", "cannot be read", "b.pdf", "it is damaged"),
        ("chunk", "too short", "c.txt", ""),
        ("chunk", "duplicate chunk", "c.txt", "of a.txt, offset 0"),
    ]
