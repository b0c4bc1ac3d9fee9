import json
from pathlib import Path

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import read_retrieval
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.outputs import OutputPaths, publish_retrieval, remove_retrieval, write_pairs, write_retrieval
from tfsiamese.generation.tasks import WrittenPair, get_task
from tfsiamese.pairs import Pairs, Triplets, read_examples

FIRST = Chunk("Press the red button, then wait.", "a guide.md", 0)
SECOND = Chunk("Open the lid.", "b.pdf", 7, page=3)


def test_all_outputs_stand_beside_the_pairs(tmp_path):
    paths = OutputPaths(tmp_path / "my.pairs.csv")
    assert {path.name for path in vars(paths).values()} == {
        "my.pairs.csv",
        "my.pairs.validation.csv",
        "my.pairs.retrieval",
        "my.pairs.answers.sqlite",
        "my.pairs.unused.jsonl",
        "my.pairs.report.md",
    }


@pytest.mark.parametrize("name", ["pairs.xlsx", "pairs", "folder.csv"])
def test_a_target_that_cannot_be_is_refused(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SettingsError, match=r"Expected a file to write that ends in \.csv, \.tsv, \.jsonl"):
        OutputPaths(tmp_path / name)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
@pytest.mark.parametrize("task", ["qa", "query-passage", "triplets", "paraphrase"])
def test_pairs_are_read_back_as_they_are_with_the_place_they_come_from(tmp_path, suffix, task):
    path = tmp_path / f"pairs{suffix}"
    extra = {"triplets": {"negative": 'Close "the" lid.'}, "paraphrase": {"score": 0.25}}.get(task, {})
    pairs = [
        WrittenPair(FIRST, "which, button?", FIRST.text, **extra),
        WrittenPair(SECOND, 'the "lid"', SECOND.text, **extra),
    ]
    write_pairs(pairs, get_task(task), path, path)
    examples = read_examples(path)
    if task == "paraphrase":
        assert isinstance(examples, Pairs)
        assert examples.frame["left"].tolist() == ["which, button?", 'the "lid"']
        assert examples.frame["score"].tolist() == [0.25, 0.25]
    else:
        assert isinstance(examples, Triplets)
        assert examples.anchors == ["which, button?", 'the "lid"']
        assert examples.positives == [FIRST.text, SECOND.text]
        assert list(examples.negatives) == ([('Close "the" lid.',)] * 2 if task == "triplets" else [(), ()])
    if suffix == ".csv":
        header, first, second = path.read_text(encoding="utf-8").splitlines()
        assert header.endswith(",passage,source,page,offset" if task == "qa" else ",source,page,offset")
        assert first.endswith(",a guide.md,,0")
        assert second.endswith(",b.pdf,3,7")


def test_pairs_that_would_not_be_read_are_refused_by_the_name_of_their_file(tmp_path):
    pairs = [WrittenPair(FIRST, " ", FIRST.text)]
    with pytest.raises(DataError, match=r"wanted\.csv"):
        write_pairs(pairs, get_task("qa"), tmp_path / "temporary.csv", tmp_path / "wanted.csv")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "r").mkdir()
    return tmp_path / "r"


def test_the_retrieval_set_is_what_evaluate_reads(folder):
    pairs = [WrittenPair(FIRST, "red button", FIRST.text), WrittenPair(SECOND, "lid", SECOND.text)]
    third = Chunk("Never asked about.", "b.pdf", 40, page=3)
    write_retrieval(pairs, [FIRST, SECOND, third], get_task("query-passage"), folder)
    data = read_retrieval(folder)
    assert data.queries == {"q1": "red button", "q2": "lid"}
    assert data.corpus == {
        "a%20guide.md#0": FIRST.text,
        "b.pdf#7": SECOND.text,
        "b.pdf#40": third.text,
    }
    assert data.relevance == {"q1": {"a%20guide.md#0": 1}, "q2": {"b.pdf#7": 1}}


def test_a_query_does_not_stand_in_the_passage_that_it_looks_for(folder):
    pair = WrittenPair(FIRST, "Press the red button,", "then wait.")
    write_retrieval([pair], [FIRST], get_task("query-passage"), folder)
    assert read_retrieval(folder).corpus == {"a%20guide.md#0": "then wait."}


def test_what_chunks_share_stands_in_one_passage_only_and_is_no_query(folder):
    text = "One sentence stands at the beginning. Another sentence is shared by both of the chunks. The third ends it."
    second = text.index("Another")
    chunks = [Chunk(text[: text.index("The third") - 1], "a.md", 0), Chunk(text[second:], "a.md", second)]
    copied = WrittenPair(chunks[1], "Another sentence is shared by both of the chunks.", "The third ends it.")
    write_retrieval(
        [WrittenPair(chunks[0], "what begins", chunks[0].text), copied], chunks, get_task("query-passage"), folder
    )
    data = read_retrieval(folder)
    assert list(data.corpus.values()) == [chunks[0].text, "The third ends it."]
    assert data.queries == {"q1": "what begins"}


def test_a_question_looks_for_its_chunk_and_not_for_its_answer(folder):
    write_retrieval([WrittenPair(FIRST, "Which button?", "The red one.")], [FIRST], get_task("qa"), folder)
    assert read_retrieval(folder).corpus == {"a%20guide.md#0": FIRST.text}


def test_one_query_of_two_chunks_looks_for_both(folder):
    pairs = [WrittenPair(FIRST, "how?", FIRST.text), WrittenPair(SECOND, "how?", SECOND.text)]
    write_retrieval(pairs, [FIRST, SECOND], get_task("query-passage"), folder)
    assert read_retrieval(folder).relevance == {"q1": {"a%20guide.md#0": 1, "b.pdf#7": 1}}


def write_query(query: str, folder: Path) -> None:
    with publish_retrieval(folder) as temporary:
        write_retrieval([WrittenPair(FIRST, query, FIRST.text)], [FIRST], get_task("query-passage"), temporary)


def test_a_retrieval_set_replaces_an_earlier_one(tmp_path):
    paths = OutputPaths(tmp_path / "p.csv")
    write_query("old", paths.retrieval)
    paths.check_replaceable()
    write_query("new", paths.retrieval)
    assert json.loads((paths.retrieval / "queries.jsonl").read_text(encoding="utf-8"))["text"] == "new"


def test_a_retrieval_set_that_cannot_be_written_leaves_the_earlier_one(tmp_path):
    write_query("old", tmp_path / "r")
    with pytest.raises(KeyError), publish_retrieval(tmp_path / "r"):
        raise KeyError
    assert json.loads((tmp_path / "r" / "queries.jsonl").read_text(encoding="utf-8"))["text"] == "old"


@pytest.mark.parametrize("kind", ["foreign file", "folder by a known name", "link", "file"])
def test_something_else_in_its_place_is_neither_replaced_nor_removed(tmp_path, kind):
    paths = OutputPaths(tmp_path / "p.csv")
    elsewhere = tmp_path / "elsewhere"
    write_query("mine", elsewhere)
    if kind == "link":
        paths.retrieval.symlink_to(elsewhere)
    elif kind == "file":
        paths.retrieval.write_text("mine")
    elif kind == "foreign file":
        paths.retrieval.mkdir()
        (paths.retrieval / "notes.txt").write_text("mine")
    else:
        (paths.retrieval / "corpus.jsonl").mkdir(parents=True)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match=r"p\.retrieval is not a retrieval set that generate wrote"):
        paths.check_replaceable()
    remove_retrieval(paths.retrieval)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_the_outputs_of_a_run_are_known_by_any_path(tmp_path, monkeypatch):
    paths = OutputPaths(tmp_path / "p.csv")
    monkeypatch.chdir(tmp_path)
    for name in ("p.csv", "./p.report.md", "p.retrieval/corpus.jsonl", "p.unused.jsonl"):
        assert paths.holds(Path(name))
    for name in ("q.csv", "p.md", "p.retrieval.md"):
        assert not paths.holds(Path(name))
