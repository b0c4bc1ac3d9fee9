import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tfsiamese.cli.main as command_line
from tests.cli.conftest import Command
from tests.generation.fault_server import FaultServer
from tfsiamese.cli import generate
from tfsiamese.generation import TASKS, ChunkSettings, FilterSettings, GenerationSettings, RequestLimits
from tfsiamese.pairs import Triplets, read_examples

pytest.importorskip("openai")
pytest.importorskip("py3langid")
pytest.importorskip("datasketch")

KEY = "sk-never-to-be-seen-42"

HARBOURS = ["Aldersund", "Brackwick", "Corrisport", "Dunmere", "Eastquay", "Fallowness"]


def section(name: str) -> str:
    """A section whose sentences are long enough for a chunk of its own."""
    return (
        f"## Mooring in {name}\n\n"
        f"Visitors to {name} moor at the eastern pontoon, where the harbour master collects the fee every evening. "
        f"Fresh water is available beside the fuel berth, and the showers of {name} open at seven in the morning.\n\n"
        f"## Leaving {name}\n\n"
        f"Boats that leave {name} before sunrise keep clear of the ferry channel and show their lights. "
        f"The signal station answers on channel twelve, and the tide turns an hour later than in the strait.\n"
    )


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in HARBOURS:
        (folder / f"{name.lower()}.md").write_text(f"# {name}\n\n{section(name)}", encoding="utf-8")
    return folder


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "import_tensorflow", lambda: pytest.fail("TensorFlow was imported"))


def service(server: FaultServer, *options: object) -> list[object]:
    return ["--writer", "openai:model", "--base-url", server.openai_url, "--key-variable", "HARBOUR_KEY", *options]


@pytest.mark.usefixtures("no_tensorflow")
def test_headings_become_queries_without_a_service(command: Command, documents: Path, tmp_path: Path):
    out = tmp_path / "pairs.csv"
    result = command("generate", documents, "--writer", "extractive", "--out", out)
    assert result.status == 0, result.err
    assert result.out.splitlines() == [
        "documents: 6 read, 0 that could not be read",
        "chunks: 12",
        "pairs: 12 written",
        f"{tmp_path}/pairs.unused.jsonl: 0",
        f"{tmp_path}/pairs.report.md",
        f"{out}: 12",
    ]
    examples = read_examples(out)
    assert isinstance(examples, Triplets)
    assert examples.anchors[:2] == ["Mooring in Aldersund", "Leaving Aldersund"]
    assert examples.positives[0].startswith("Visitors to Aldersund moor")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "docs",
        "pairs.csv",
        "pairs.report.md",
        "pairs.unused.jsonl",
    ]


def test_held_out_documents_become_a_validation_and_a_retrieval_set_and_round_trips_filter_the_rest(
    command: Command, documents: Path, tiny_folder: Path, tmp_path: Path
):
    out = tmp_path / "pairs.csv"
    options = ["--validation", 0.4, "--round-trip", 2, "--encoder", tiny_folder]
    result = command("generate", documents, "--writer", "extractive", "--out", out, *options)
    assert result.status == 0, result.err
    evaluated = command("evaluate", tiny_folder, "--retrieval", tmp_path / "pairs.retrieval")
    assert evaluated.status == 0, evaluated.err
    training, validation = read_examples(out), read_examples(tmp_path / "pairs.validation.csv")
    held_out = {text.split()[-1] for text in validation.anchors}
    assert held_out
    assert held_out.isdisjoint(text.split()[-1] for text in training.anchors)
    unused = [json.loads(line) for line in (tmp_path / "pairs.unused.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {entry["reason"] for entry in unused} == {"not retrieved"}
    assert len(training) + len(validation) + len(unused) == 12
    assert "## Pairs that were not used\n\n- not retrieved: " in (tmp_path / "pairs.report.md").read_text()


def test_a_service_writes_pairs_and_a_second_run_asks_nothing(
    command: Command, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HARBOUR_KEY", KEY)
    out = tmp_path / "pairs.csv"
    with FaultServer(key=KEY) as server:
        first = command("generate", documents, "--out", out, *service(server))
        assert first.status == 0, first.err
        assert "12 requests, " in first.out
        again = command("generate", documents, "--out", out, *service(server))
        assert again.status == 0, again.err
        assert "; 12 answers were there before" in again.out
        assert len(server.requests) == 12
        other = command("generate", documents, "--out", out, "--task", "query-passage", *service(server))
        assert other.status == 0, other.err
        assert len(server.requests) == 24
    assert {path.suffix for path in tmp_path.iterdir()} == {"", ".csv", ".md", ".jsonl", ".sqlite"}
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_the_key_is_seen_nowhere_however_the_service_fails(
    command: Command, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("HARBOUR_KEY", KEY)
    monkeypatch.setenv("TFSIAMESE_TRACEBACK", "")
    out = tmp_path / "pairs.csv"
    caplog.set_level("DEBUG")
    with FaultServer(key="another key") as server:
        refused = command("generate", documents, "--out", out, *service(server))
    assert "401" in refused.error
    with FaultServer(key=KEY, faults=0.7, seed=3, slow_seconds=0.4) as server:
        options = ["--timeout", 0.2, "--max-attempts", 2]
        failing = command("generate", documents, "--out", out, *service(server, *options))
        assert len(server.requests) >= 12
    seen = [refused.out, refused.err, failing.out, failing.err, caplog.text]
    seen += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in seen if KEY in text]


@pytest.mark.usefixtures("no_tensorflow")
def test_a_dry_run_estimates_without_a_key_and_leaves_nothing(command: Command, documents: Path, tmp_path: Path):
    out = tmp_path / "pairs.csv"
    result = command("generate", documents, "--writer", "gemini:any-model", "--out", out, "--dry-run")
    assert result.status == 0, result.err
    lines = dict(line.split(":", 1) for line in result.out.splitlines())
    assert lines["chunks"].split() == ["12,", "of", "which", "0", "are", "answered", "already"]
    assert lines["requests"].split() == ["12"]
    # About 500 tokens of instructions and passage a request, and 3 questions with their answers.
    assert 12 * 300 < int(lines["input tokens"].split()[1].replace(",", "")) < 12 * 800
    assert lines["output tokens"].split()[1] == f"{12 * 3 * 75:,},"
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_a_dry_run_leaves_out_what_is_answered(
    command: Command, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HARBOUR_KEY", KEY)
    out = tmp_path / "pairs.csv"
    with FaultServer(key=KEY) as server:
        spent = command("generate", documents, "--out", out, *service(server, "--max-requests", 5))
        assert spent.status == 0, spent.err
        assert "7 not asked" in spent.out
        assert len(server.requests) == 5
        dry = command("generate", documents, "--out", out, *service(server, "--dry-run"))
        assert "12, of which 5 are answered already" in dry.out
        assert len(server.requests) == 5


def test_the_prompt_is_printed_edited_and_used(
    command: Command, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HARBOUR_KEY", KEY)
    shown = command("generate", "--show-prompt", "--task", "triplets")
    assert shown.status == 0, shown.err
    prompt = tmp_path / "mine.md"
    prompt.write_text(shown.out.replace("hard negative", "harbour negative"), encoding="utf-8")
    options = ["--task", "triplets", "--prompt", prompt, "--language", "de", "--no-language-check"]
    with FaultServer(key=KEY) as server:
        result = command("generate", documents, "--out", tmp_path / "triplets.jsonl", *service(server, *options))
        assert result.status == 0, result.err
        instructions = server.requests[0].body["messages"][0]["content"]
    assert "harbour negative" in instructions
    assert "Write in German." in instructions
    examples = read_examples(tmp_path / "triplets.jsonl")
    assert isinstance(examples, Triplets)
    assert examples.num_negatives == len(examples)


def test_a_file_that_cannot_be_read_is_named_counted_and_skipped(command: Command, documents: Path, tmp_path: Path):
    (documents / "broken.md").write_bytes(b"# Br\xff\xfeken\n")
    result = command("generate", documents, "--writer", "extractive", "--out", tmp_path / "pairs.csv")
    assert result.status == 0, result.err
    assert "documents: 6 read, 1 that could not be read" in result.out
    assert "broken.md: " in result.err
    first = json.loads((tmp_path / "pairs.unused.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (first["kind"], first["reason"], first["source"]) == ("file", "cannot be read", "broken.md")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Expected DOCS, --out FILE, --writer W"),
        (["docs", "--out", "p.csv"], "Expected --writer W"),
        (["docs", "--out", "p.xlsx", "--writer", "extractive"], "Expected a file to write that ends in"),
        (["nowhere", "--out", "p.csv", "--writer", "extractive"], "nowhere does not exist"),
        (["docs", "--out", "p.csv", "--writer", "extractive", "--task", "qa"], "does the task query-passage"),
        (["docs", "--out", "p.csv", "--writer", "llama:x"], "Unknown writer 'llama:x'"),
        (["docs", "--out", "p.csv", "--writer", "openai:m"], "OPENAI_API_KEY"),
        (["docs", "--out", "p.csv", "--writer", "gemini:m"], "GEMINI_API_KEY"),
        (["docs", "--out", "p.csv", "--writer", "extractive", "--overlap", "2000"], "overlap"),
        (["docs", "--out", "p.csv", "--writer", "extractive", "--validation", "1"], "Expected validation to be from 0"),
        (
            ["docs", "--out", "p.csv", "--writer", "extractive", "--concurrency", "0"],
            "concurrency to be a whole number",
        ),
        (["docs", "--out", "p.csv", "--writer", "openai:m", "--prompt", "no.md"], "no.md cannot be used"),
        (["docs", "--out", "p.csv", "--writer", "openai:m", "--language", "deutsch"], "deutsch"),
    ],
)
def test_what_cannot_work_is_one_clear_error_and_leaves_nothing(
    command: Command,
    documents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
):
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    if "--prompt" in arguments or "--language" in arguments:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    assert message in command("generate", *arguments).error
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_every_option_reaches_its_setting():
    options = "--text-columns a,b --title-column t --encoding latin-1 --chunk-unit tokens --chunk-size 90 --overlap 8"
    options += " --min-chunk 60 --num-pairs 2 --language de --prompt p.md --temperature 0.3 --max-output-tokens 50"
    options += " --concurrency 3 --requests-per-minute 7 --tokens-per-minute 900 --max-requests 11 --max-tokens 1200"
    options += (
        " --max-attempts 4 --round-trip 9 --keep-near-duplicates --max-copied 0.7 --min-length 5 --max-length 300"
    )
    options += " --no-language-check --validation 0.3 --seed 6"
    parsed = command_line._parser().parse_args(["generate", "docs", *options.split()])
    assert generate._settings(parsed) == GenerationSettings(
        text_columns=["a", "b"],
        title_column="t",
        encoding="latin-1",
        chunks=ChunkSettings(size=90, unit="tokens", overlap=8, min_size=60),
        num_pairs=2,
        language="de",
        prompt="p.md",
        temperature=0.3,
        max_output_tokens=50,
        limits=RequestLimits(
            concurrency=3,
            requests_per_minute=7,
            tokens_per_minute=900,
            max_requests=11,
            max_tokens=1200,
            max_attempts=4,
        ),
        filters=FilterSettings(
            near_duplicates=None, max_copied=0.7, min_length=5, max_length=300, check_language=False, round_trip=9
        ),
        validation=0.3,
        seed=6,
    )


def test_without_options_the_settings_are_those_of_python():
    parsed = command_line._parser().parse_args(["generate", "docs"])
    assert generate._settings(parsed) == GenerationSettings()
    parsed = command_line._parser().parse_args(["generate", "docs", "--chunk-unit", "tokens"])
    assert generate._settings(parsed).chunks.size == 256
    assert set(TASKS) == set(generate._TASKS)


def test_documents_without_a_pair_end_with_an_error_and_a_report(command: Command, tmp_path: Path):
    (tmp_path / "short.txt").write_text("Too short.\n\nFar too short for anything.", encoding="utf-8")
    result = command("generate", tmp_path / "short.txt", "--writer", "extractive", "--out", tmp_path / "pairs.csv")
    assert "hold no text to write pairs about" in result.error


def test_ctrl_c_keeps_what_was_answered_and_says_how_to_go_on(documents: Path, tmp_path: Path):
    out = tmp_path / "pairs.csv"
    with FaultServer(key=KEY, delay=0.3) as server:
        command = [sys.executable, "-m", "tfsiamese", "generate", str(documents), "--out", str(out)]
        command += [str(option) for option in service(server, "--concurrency", 2)]
        variables = {**os.environ, "HARBOUR_KEY": KEY}
        # Where the tests run in the background, children would ignore SIGINT.
        process = subprocess.Popen(
            command,
            env=variables,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        deadline = time.monotonic() + 120
        while len(server.entries) < 3 and process.poll() is None and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGINT)
        log = process.communicate(timeout=120)[1]
        asked = len(server.requests)
        assert process.returncode == 130, log
        assert asked < 12
        assert not out.exists()
        again = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert again.returncode == 0, again.stderr
        # What was on its way when Ctrl-C came was waited for and stored.
        assert len(server.requests) == 12
    assert "waiting for the answers on their way" in log
    assert "Traceback" not in log
