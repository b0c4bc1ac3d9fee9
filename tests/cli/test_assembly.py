"""What `train` makes of a recipe: what is held out stays out, and what is measured has a name."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from tests.search.test_prompts import Prompted
from tests.training.examples import classes, triplets
from tfsiamese.cli.assembly import assemble_data, make_stages, row_keys
from tfsiamese.errors import DataError
from tfsiamese.pairs import write_examples
from tfsiamese.search import Prompts
from tfsiamese.training.recipe import make_recipe


def pairs_file(path: Path, *rows: tuple[str, str]) -> str:
    path.parent.mkdir(exist_ok=True)
    pd.DataFrame([(*row, 0.5) for row in rows], columns=["left", "right", "score"]).to_csv(path, index=False)
    return str(path)


def rows(count: int, start: int = 0) -> list[tuple[str, str]]:
    return [(f"l{number}", f"r{number}") for number in range(start, start + count)]


def recipe_of(*files: str, stages: list | None = None, **evaluation: str):
    table = {"stages": stages} if stages else {}
    flags = {"out": "run", "evaluation": evaluation}
    return make_recipe(table, flags if stages else flags | {"data": [{"file": file} for file in files]})


def keys_of(named: dict) -> set:
    return {key for examples in named.values() for key in row_keys(examples)}


def test_a_row_held_out_of_one_data_set_is_not_trained_on_in_another(tmp_path: Path, caplog):
    first = pairs_file(tmp_path / "a.csv", *rows(100))
    second = pairs_file(tmp_path / "b.csv", *[(right, left) for left, right in rows(100)], *rows(50, start=200))
    with caplog.at_level(logging.WARNING):
        data = assemble_data(recipe_of(first, second))
    held_out = keys_of(data.validation["1"])
    assert len(held_out) > 10
    assert not held_out & keys_of(data.training["1"])
    assert "rows are validation data too, and are left out" in caplog.text


def test_a_row_held_out_of_one_stage_is_not_trained_on_in_another(tmp_path: Path):
    file = pairs_file(tmp_path / "a.csv", *rows(100))
    stages = [{"name": "one", "data": file, "seed": 1}, {"name": "two", "data": file, "seed": 2}]
    data = assemble_data(recipe_of(stages=stages))
    held_out = keys_of(data.validation["one"]) | keys_of(data.validation["two"])
    assert not held_out & (keys_of(data.training["one"]) | keys_of(data.training["two"]))


def test_rows_of_a_validation_file_are_left_out_of_training(tmp_path: Path):
    training = pairs_file(tmp_path / "a.csv", *rows(100))
    data = assemble_data(recipe_of(training, validation=pairs_file(tmp_path / "v.csv", *rows(30, start=90))))
    assert len(data.training["1"]["a"]) == 90
    with pytest.raises(DataError, match=r"Every row of .*a\.csv is validation data too"):
        assemble_data(recipe_of(training, validation=training))


def test_small_data_of_any_shape_is_trained_even_if_a_plot_cannot_be_drawn(tmp_path: Path):
    anchors = tmp_path / "anchors.csv"
    write_examples(triplets(14, negatives=False), anchors)
    data = assemble_data(recipe_of(str(anchors), validation="1"))
    assert data.evaluator(recipe_of(str(anchors))) is not None
    assert data.contrast is not None
    alike = tmp_path / "alike.csv"
    alike.write_text("anchor,positive\na,p\nb,p\nc,p\n", encoding="utf-8")
    data = assemble_data(recipe_of(str(alike), validation="0"))
    assert data.contrast is None
    assert data.shown.texts() == ["a", "p", "b", "c"]


def test_every_shape_has_an_evaluator_on_what_is_held_out(tmp_path: Path, tiny_pairs):
    files = {"p": tiny_pairs, "t": triplets(30), "c": classes()}
    for name, examples in files.items():
        write_examples(examples, tmp_path / f"{name}.csv")
    data = assemble_data(recipe_of(*(str(tmp_path / f"{name}.csv") for name in files), validation="0.3"))
    evaluator = data.evaluator(recipe_of(str(tmp_path / "p.csv")))
    assert {"p_pearson", "t_ndcg@10", "c_average_precision"} <= set(evaluator.metric_names)


def test_a_data_set_called_sts_does_not_collide_with_sts_data(tmp_path: Path, sts_file: Path):
    first, second = pairs_file(tmp_path / "sts.csv", *rows(40)), pairs_file(tmp_path / "b.csv", *rows(40, start=60))
    recipe = recipe_of(first, second, sts=str(sts_file))
    names = assemble_data(recipe).evaluator(recipe).metric_names
    assert any(name.startswith("sts_held_out_") for name in names)


def test_each_stage_chooses_its_best_epoch_by_its_own_data_unless_a_metric_is_named(tmp_path: Path):
    one, two = pairs_file(tmp_path / "a.csv", *rows(40)), pairs_file(tmp_path / "b.csv", *rows(40, start=60))
    stages = [{"name": "one", "data": one}, {"name": "two", "data": two, "monitor": "val_loss"}]
    recipe = recipe_of(stages=stages)
    made = make_stages(recipe, assemble_data(recipe))
    assert [stage.settings["monitor"] for stage in made] == ["one_a_mae", "val_loss"]


def test_sts_data_alone_chooses_nothing(tmp_path: Path, sts_file: Path):
    file = pairs_file(tmp_path / "a.csv", *rows(40))
    recipe = recipe_of(file, sts=str(sts_file), validation="0")
    (only,) = make_stages(recipe, assemble_data(recipe))
    assert only.settings["monitor"] == "none"


def prompts_of_evaluators(file: Path, examples, **prompts: str) -> list[tuple]:
    write_examples(examples, file)
    recipe = make_recipe({}, {"out": "run", "data": [{"file": str(file)}], "training": prompts})
    configs = [one.get_config() for found in assemble_data(recipe).held_out_evaluators.values() for one in found]
    return [(config["query_prompt"], config["passage_prompt"]) for config in configs]


def test_held_out_rows_are_measured_with_the_prompts_of_training(tmp_path: Path, tiny_pairs):
    both = {"query_prompt": "q: ", "passage_prompt": "p: "}
    assert prompts_of_evaluators(tmp_path / "t.csv", triplets(40, negatives=False), **both) == [("q: ", "p: ")]
    assert prompts_of_evaluators(tmp_path / "p.csv", tiny_pairs, **both) == [("q: ", "p: ")]
    assert prompts_of_evaluators(tmp_path / "p.csv", tiny_pairs) == [(None, None)]


def test_texts_with_classes_are_measured_with_the_query_prompt_on_both_sides(tmp_path: Path):
    file = tmp_path / "c.csv"
    assert prompts_of_evaluators(file, classes(), query_prompt="q: ", passage_prompt="p: ") == [("q: ", "q: ")]


def test_what_is_plotted_has_the_prompts_of_training(tmp_path: Path):
    encoder = Prompted({"query": "q: ", "document": "d: "})
    for examples, expected in ((triplets(40, negatives=False), Prompts("q: ", "x: ")), (classes(), Prompts())):
        write_examples(examples, tmp_path / "data.csv")
        flags = {"out": "run", "data": [{"file": str(tmp_path / "data.csv")}], "training": {"passage_prompt": "x: "}}
        shown = assemble_data(make_recipe({}, flags)).shown_prompts(encoder)
        assert shown == expected
