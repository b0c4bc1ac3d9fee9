import json

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import read_retrieval
from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.outputs import OutputPaths, write_pairs, write_retrieval
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
    write_pairs(pairs, get_task(task), path)
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
        assert header.endswith(",source,page,offset")
        assert first.endswith(",a guide.md,,0")
        assert second.endswith(",b.pdf,3,7")


def test_pairs_that_would_not_be_read_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(DataError, match=r"pairs\.csv"):
        write_pairs([WrittenPair(FIRST, " ", FIRST.text)], get_task("qa"), tmp_path / "pairs.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_retrieval_set_is_what_evaluate_reads(tmp_path):
    folder = tmp_path / "pairs.retrieval"
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


def test_a_query_does_not_stand_in_the_passage_that_it_looks_for(tmp_path):
    pair = WrittenPair(FIRST, "Press the red button,", "then wait.")
    write_retrieval([pair], [FIRST], get_task("query-passage"), tmp_path / "r")
    assert read_retrieval(tmp_path / "r").corpus == {"a%20guide.md#0": "then wait."}


def test_a_question_looks_for_its_chunk_and_not_for_its_answer(tmp_path):
    write_retrieval([WrittenPair(FIRST, "Which button?", "The red one.")], [FIRST], get_task("qa"), tmp_path / "r")
    assert read_retrieval(tmp_path / "r").corpus == {"a%20guide.md#0": FIRST.text}


def test_one_query_of_two_chunks_looks_for_both(tmp_path):
    pairs = [WrittenPair(FIRST, "how?", FIRST.text), WrittenPair(SECOND, "how?", SECOND.text)]
    write_retrieval(pairs, [FIRST, SECOND], get_task("query-passage"), tmp_path / "r")
    assert read_retrieval(tmp_path / "r").relevance == {"q1": {"a%20guide.md#0": 1, "b.pdf#7": 1}}


def test_a_retrieval_set_replaces_an_earlier_one_and_nothing_else(tmp_path):
    folder = tmp_path / "r"
    write_retrieval([WrittenPair(FIRST, "old", FIRST.text)], [FIRST], get_task("query-passage"), folder)
    write_retrieval([WrittenPair(FIRST, "new", FIRST.text)], [FIRST], get_task("query-passage"), folder)
    assert json.loads((folder / "queries.jsonl").read_text(encoding="utf-8"))["text"] == "new"
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match=r"r holds notes\.txt, which is not of a retrieval set"):
        write_retrieval([WrittenPair(FIRST, "newer", FIRST.text)], [FIRST], get_task("query-passage"), folder)
    assert (folder / "notes.txt").read_text() == "mine"
