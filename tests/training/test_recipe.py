from pathlib import Path

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.training.recipe import make_recipe, read_recipe

STAGED = """
encoder = "use-multilingual"
out = "run"

[training]
batch_size = 64
seed = 3

[retention]
texts = "general.txt"
weight = 50.0

[[stages]]
name = "noisy"
data = ["titles.csv", {file = "/data/other.csv", name = "more", loss = "cosent", score_range = [0, 5]}]
loss = {name = "ranking", scale = 30}
epochs = 1

[[stages]]
name = "clean"
data = "clean.csv"
validation = "held_out.csv"
batch_size = 16
"""


def recipe_of(folder: Path, text: str, **flags):
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return make_recipe(read_recipe(path), flags, str(path))


def test_a_file_with_stages_becomes_stages(tmp_path: Path):
    recipe = recipe_of(tmp_path, STAGED)
    assert recipe.is_staged
    assert recipe.encoder == {"encoder": "use-multilingual"}
    noisy, clean = recipe.stages
    assert [(one.name, one.file) for one in noisy.data] == [
        ("titles", str(tmp_path / "titles.csv")),
        ("more", "/data/other.csv"),
    ]
    assert noisy.data[0].loss == {"name": "ranking", "settings": {"scale": 30}}
    assert noisy.data[1].loss == {"name": "cosent", "settings": {}}
    assert noisy.data[1].reading == {"score_range": [0, 5]}
    assert noisy.settings == {"batch_size": 64, "seed": 3, "epochs": 1}
    assert clean.settings == {"batch_size": 16, "seed": 3}
    assert clean.data[0].loss == {}
    assert clean.data[0].validation == str(tmp_path / "held_out.csv")
    assert noisy.data[0].validation == "0.1"


def test_paths_in_a_file_start_at_its_folder(tmp_path: Path):
    recipe = recipe_of(tmp_path, STAGED)
    assert recipe.out == str(tmp_path / "run")
    assert recipe.retention == {"texts": str(tmp_path / "general.txt"), "weight": 50.0}


def test_flags_take_precedence_over_every_stage(tmp_path: Path):
    recipe = recipe_of(
        tmp_path,
        STAGED,
        out="elsewhere",
        encoder="other",
        loss={"name": "gist"},
        training={"batch_size": 7},
        evaluation={"validation": "0"},
        retention={"weight": 1.0},
    )
    assert (recipe.out, recipe.encoder) == ("elsewhere", {"encoder": "other"})
    assert [stage.settings["batch_size"] for stage in recipe.stages] == [7, 7]
    assert {one.loss["name"] for stage in recipe.stages for one in stage.data} == {"gist"}
    assert {one.validation for stage in recipe.stages for one in stage.data} == {"0"}
    assert recipe.retention["weight"] == 1.0


def test_a_file_without_stages_is_one_plain_run(tmp_path: Path):
    recipe = recipe_of(tmp_path, 'out = "run"\ndata = "a.csv"\nloss = "ranking"\n[training]\nepochs = 2\n')
    assert not recipe.is_staged
    (only,) = recipe.stages
    assert only.settings == {"epochs": 2}
    assert only.data[0].loss["name"] == "ranking"


def test_flags_alone_make_a_recipe():
    recipe = make_recipe({}, {"out": "run", "data": [{"file": "a.csv", "left": "x"}]})
    (only,) = recipe.stages
    assert only.data[0].reading == {"left": "x"}
    assert only.data[0].name == "a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('out = "r"\ndata = "a.csv"\nencodr = "e"', "unknown setting 'encodr'. Did you mean 'encoder'?"),
        (
            'out = "r"\ndata = "a.csv"\n[training]\nepoch = 1',
            "[training]: unknown setting 'epoch'. Did you mean 'epochs'",
        ),
        ('out = "r"\n[[stages]]\nname = "a"\ndata = "x.csv"\nepoch = 1', "stage 'a': unknown setting 'epoch'"),
        ('out = "r"\n[[stages]]\nname = "a"', "stage 'a' names no data"),
        ('data = "a.csv"', "names no run folder"),
        ('out = "r"', "names no data"),
        ('out = "r"\ndata = [{name = "a"}]', "Expected a file, or a table with 'file'"),
        ('out = "r"\ndata = [{file = "a.csv", fil = 1}]', "unknown setting 'fil'"),
        ('out = "r"\ndata = ["x/a.csv", "y/a.csv"]', "two data sets have the same name"),
        ('out = "r"\ndata = "a.csv"\nloss = 3', "the loss is 3"),
        ('out = "r"\ndata = "a.csv"\ntraining = 3', "'training' is no table"),
        ('out = "r"\nstages = 3', "'stages' is no array of tables"),
        ('out = "r"\ndata = "a.csv"\n[retention]\nweight = 1', "the retention has no texts"),
    ],
)
def test_a_mistake_is_named_with_the_file(tmp_path: Path, text: str, said: str):
    with pytest.raises(SettingsError) as error:
        recipe_of(tmp_path, text)
    assert said in str(error.value)
    assert "run.toml" in str(error.value)


def test_data_is_named_in_one_place(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"has stages with data of their own, and the command line names b\.csv"):
        recipe_of(tmp_path, STAGED, data=[{"file": "b.csv"}])


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(DataError, match=r"run\.toml is not TOML.*line 1"):
        recipe_of(tmp_path, "out = \nhead = 1")
    with pytest.raises(DataError, match=r"none\.toml cannot be read"):
        read_recipe(tmp_path / "none.toml")
