import json

import numpy as np
import pandas as pd
import pytest

from tests.conftest import write_tiny_encoder
from tests.training.examples import classes, triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.export import ExportSettings
from tfsiamese.export.sample_texts import sample_texts as texts_of_export
from tfsiamese.files import SAMPLE_TEXTS_FILE
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training import Stage, fit, fit_stages
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.sample_texts import sample_texts
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.tasks import make_tasks

FAST = {"epochs": 1, "batch_size": 12}


@pytest.fixture(scope="module")
def shared_encoder(tmp_path_factory):
    """Is not trained here."""
    return load_encoder(write_tiny_encoder(tmp_path_factory.mktemp("samples") / "tiny"))


def _plan(encoder, examples, **settings) -> TrainingPlan:
    return TrainingPlan(Siamese(encoder), make_tasks(examples), TrainingSettings(**FAST | settings))


def _pairs(texts: list[str]) -> Pairs:
    frame = pd.DataFrame({"left": texts, "right": texts[1:] + texts[:1], "score": np.linspace(0, 1, len(texts))})
    return Pairs.from_frame(frame, source="texts")


def _by_length(texts: set[str]) -> list[str]:
    return sorted(texts, key=lambda text: (len(text), text))


def test_few_texts_are_all_taken_from_the_shortest_to_the_longest(shared_encoder, tiny_pairs):
    texts = {*tiny_pairs.left, *tiny_pairs.right}
    expected = _by_length({text.decode() if isinstance(text, bytes) else text for text in texts})
    found = sample_texts([_plan(shared_encoder, _pairs(expected[:20]))])
    assert found == expected[:20]


def test_of_many_texts_64_are_taken_in_even_steps_of_length(shared_encoder):
    texts = ["a" * length for length in range(1, 6301)]
    found = sample_texts([_plan(shared_encoder, _pairs(texts))])
    lengths = [len(text) for text in found]
    # 63 steps from 1 to 6,300: each is 99.98 long.
    assert (len(found), lengths[0], lengths[-1]) == (64, 1, 6300)
    assert {*np.diff(lengths)} <= {99, 100}


def test_65_texts_are_one_too_many(shared_encoder):
    texts = [f"text {number:02d}" for number in range(65)]
    found = sample_texts([_plan(shared_encoder, _pairs(texts))])
    assert len(found) == 64
    assert len(set(found)) == 64


def test_the_order_of_the_data_does_not_matter(shared_encoder):
    texts = [f"text {'x' * (number % 7)} {number}" for number in range(150)]
    one = sample_texts([_plan(shared_encoder, _pairs(texts))])
    other = sample_texts([_plan(shared_encoder, _pairs(texts[::-1]), seed=5)])
    assert one == other


def test_prompts_are_left_out(shared_encoder):
    plain = sample_texts([_plan(shared_encoder, triplets(6))])
    prompted = sample_texts([_plan(shared_encoder, triplets(6), query_prompt="query: ", passage_prompt="passage: ")])
    assert prompted == plain
    assert not any(text.startswith(("query: ", "passage: ")) for text in plain)


def test_anchors_positives_negatives_and_texts_with_classes_count(shared_encoder):
    frame = triplets(6).frame
    expected = {*frame["anchor"], *frame["positive"], *(text for found in frame["negatives"] for text in found)}
    assert sample_texts([_plan(shared_encoder, triplets(6))]) == _by_length(expected)
    assert set(sample_texts([_plan(shared_encoder, classes())])) == set(classes().frame["text"])


def test_all_plans_and_data_sets_count_once(shared_encoder):
    one, other = [_pairs([f"{name} {i}" for i in range(10)]) for name in ("first", "second")]
    expected = _by_length({f"{name} {i}" for name in ("first", "second") for i in range(10)})
    assert sample_texts([_plan(shared_encoder, {"one": one, "other": other})]) == expected
    plans = [_plan(shared_encoder, one), _plan(shared_encoder, other), _plan(shared_encoder, one)]
    assert sample_texts(plans) == expected


class TestRunFolder:
    def test_a_run_puts_texts_aside_that_an_export_finds(self, tiny_encoder, tmp_path):
        texts = ["näher dran", "中文 🍎", "red", 'a "quoted" one', "two\nlines"]
        fit(Siamese(tiny_encoder), _pairs(texts), out=tmp_path / "run", **FAST)
        path = tmp_path / "run" / SAMPLE_TEXTS_FILE
        assert path.name == "sample_texts.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found == _by_length(set(texts))
        for inner in ("", "encoder/1"):
            assert texts_of_export(load_encoder(tmp_path / "run" / inner), ExportSettings()) == found

    def test_a_run_of_stages_puts_texts_of_all_aside_and_its_stages_none(self, tiny_encoder, tmp_path):
        stages = [
            Stage("noisy", _pairs([f"first {i}" for i in range(12)]), settings=FAST),
            Stage("clean", _pairs([f"second {i}" for i in range(12)]), settings=FAST),
        ]
        fit_stages(Siamese(tiny_encoder), stages, out=tmp_path / "run")
        assert [path.parent for path in tmp_path.rglob(SAMPLE_TEXTS_FILE)] == [tmp_path / "run"]
        found = json.loads((tmp_path / "run" / SAMPLE_TEXTS_FILE).read_text(encoding="utf-8"))
        assert found == _by_length({f"{name} {i}" for name in ("first", "second") for i in range(12)})

    def test_chosen_texts_go_first_and_a_damaged_file_last(self, tiny_encoder, tmp_path):
        fit(Siamese(tiny_encoder), _pairs(["one", "two", "three"]), out=tmp_path / "run", **FAST)
        encoder = load_encoder(tmp_path / "run")
        assert texts_of_export(encoder, ExportSettings(warmup_texts=["mine"])) == ["mine"]
        assert texts_of_export(encoder, ExportSettings(warmup_texts=[])) == []
        for damaged in ("{", '{"a": 1}', "[]", "[1, null]"):
            (tmp_path / "run" / SAMPLE_TEXTS_FILE).write_text(damaged)
            assert "hello" in texts_of_export(encoder, ExportSettings())
