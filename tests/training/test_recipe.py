from pathlib import Path

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.training.recipe import make_recipe
from tfsiamese.training.recipe_file import read_recipe

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


def test_a_flag_without_a_name_is_put_over_the_loss_of_the_file(tmp_path: Path):
    recipe = recipe_of(tmp_path, STAGED, loss={"name": None, "scale": 5, "matryoshka_dims": [8]})
    titles, more = recipe.stages[0].data
    assert titles.loss == {"name": "ranking", "settings": {"scale": 5, "matryoshka_dims": [8]}}
    assert more.loss == {"name": "cosent", "settings": {"scale": 5, "matryoshka_dims": [8]}}
    assert recipe.stages[1].data[0].loss == {"name": None, "settings": {"scale": 5, "matryoshka_dims": [8]}}


def test_the_validation_flag_overrides_that_of_a_data_set(tmp_path: Path):
    text = 'out = "r"\ndata = [{file = "a.csv", validation = "v.csv"}]'
    assert recipe_of(tmp_path, text).stages[0].data[0].validation == str(tmp_path / "v.csv")
    assert recipe_of(tmp_path, text, evaluation={"validation": "0"}).stages[0].data[0].validation == "0"


def test_an_encoder_folder_beside_the_file_is_found_and_a_name_stays_one(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    text = 'out = "r"\ndata = "a.csv"\nencoder = "{}"'
    assert recipe_of(tmp_path, text.format("mine")).encoder["encoder"] == str(tmp_path / "mine")
    assert recipe_of(tmp_path, text.format("use-multilingual")).encoder["encoder"] == "use-multilingual"


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
        ('out = "r"\ndata = ["x/a.csv", "x/a.tsv"]', "two data sets have the same name"),
        ('out = "r"\ndata = "a.csv"\nfreeze = 3', "expected freeze to be a text or a list of texts. Received: 3"),
        ('out = 3\ndata = "a.csv"', "expected out to be a text"),
        ('out = "r"\ndata = "a.csv"\n[evaluation]\nsts = 3', "expected sts to be a text"),
        ('out = "r"\ndata = "a.csv"\n[retention]\ntexts = ["a", "b"]', "expected texts to be a text"),
        ('out = "r"\ndata = {file = ["a.csv"]}', "expected file to be a text"),
        ('out = "r"\ndata = {file = "a.csv", score_range = ["0", "1"]}', "expected score_range to be two numbers"),
        ('out = "r"\ndata = {file = "a.csv", validation = false}', "expected validation to be a number or a file"),
        ('out = "r"\ndata = "a.csv"\nloss = 3', "the loss is 3"),
        ('out = "r"\ndata = "a.csv"\ntraining = 3', "'training' is no table"),
        ('out = "r"\nstages = 3', "'stages' is no array of tables"),
        ('out = "r"\ndata = "a.csv"\n[retention]\nweight = 1', "the retention has no texts"),
        ('out = "r"\ndata = "a.csv"\n[[stages]]\ndata = "b.csv"', "names data outside its stages too"),
        ('out = "r"\ndata = "a.csv"\nloss = {scale = 3}', "Expected a table with 'name'"),
    ],
)
def test_a_mistake_is_named_with_the_file(tmp_path: Path, text: str, said: str):
    with pytest.raises(SettingsError) as error:
        recipe_of(tmp_path, text)
    assert said in str(error.value)
    assert "run.toml" in str(error.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('learning_rate = "1e-4"', "learning_rate to be a positive number"),
        ('warmup = "0.1"', "warmup to be a fraction"),
        ('patience = "3"', "patience to be a positive integer"),
        ("epochs = 1.5", "epochs to be a positive integer"),
        ("batch_size = true", "batch_size to be a positive integer"),
        ('restore_best = "no"', "restore_best to be true or false"),
        ("seed = 1.7", "seed to be an integer"),
        ('seed = "x"', "seed to be an integer"),
        ("monitor = 3", "monitor to be the name of a metric"),
        ("checkpoint_seconds = -1", "checkpoint_seconds to be a number"),
        ("mini_batch_size = 0", "mini_batch_size to be a positive integer"),
        ("learning_rate = nan", "learning_rate to be a positive number"),
    ],
)
def test_a_setting_of_the_wrong_type_is_refused_before_any_data_is_read(tmp_path: Path, setting: str, said: str):
    with pytest.raises(SettingsError, match=said):
        recipe_of(tmp_path, f'out = "r"\ndata = "nowhere.csv"\n[training]\n{setting}')


def test_files_of_one_name_are_told_apart_by_their_folders():
    recipe = make_recipe({}, {"out": "run", "data": [{"file": "en/train.csv"}, {"file": "de/train.csv"}]})
    assert [one.name for one in recipe.stages[0].data] == ["en-train", "de-train"]


def test_one_validation_file_cannot_serve_two_data_sets():
    flags = {"out": "run", "data": [{"file": "a.csv"}, {"file": "b.csv"}], "evaluation": {"validation": "v.csv"}}
    with pytest.raises(SettingsError, match="one file of validation data cannot serve 2 data sets"):
        make_recipe({}, flags)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path):
    (tmp_path / "run.toml").write_text('\ufeffout = "r"\ndata = "a.csv"', encoding="utf-8")
    assert make_recipe(read_recipe(tmp_path / "run.toml")).stages[0].data[0].name == "a"


def test_data_is_named_in_one_place(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"has stages with data of their own, and the command line names b\.csv"):
        recipe_of(tmp_path, STAGED, data=[{"file": "b.csv"}])


def test_a_file_that_is_no_toml_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(DataError, match=r"run\.toml is not TOML.*line 1"):
        recipe_of(tmp_path, "out = \nhead = 1")
    with pytest.raises(DataError, match=r"none\.toml cannot be read"):
        read_recipe(tmp_path / "none.toml")


CHECKPOINT = """
encoder = "models/e5"
out = "run"
data = "pairs.csv"
max_length = 128
mixed_precision = true
dropout = 0
freeze_layers = 2

[lora]
rank = 4
targets = ["attention/*", "feed_forward/*"]

[training]
layer_decay = 0.9
query_prompt = "query"
passage_prompt = ""
"""


def test_options_of_a_checkpoint_stand_beside_the_encoder_and_prompts_with_the_training(tmp_path: Path):
    recipe = recipe_of(tmp_path, CHECKPOINT)
    assert recipe.encoder == {
        "encoder": "models/e5",
        "max_length": 128,
        "mixed_precision": True,
        "dropout": 0,
        "freeze_layers": 2,
        "lora": {"rank": 4, "targets": ["attention/*", "feed_forward/*"]},
    }
    assert recipe.stages[0].settings == {"layer_decay": 0.9, "query_prompt": "query", "passage_prompt": ""}
    assert recipe.stages[0].prompts == {"query_prompt": "query", "passage_prompt": ""}


def test_flags_replace_the_options_of_a_checkpoint(tmp_path: Path):
    recipe = recipe_of(tmp_path, CHECKPOINT, lora=8, max_length=64, training={"query_prompt": ""})
    assert recipe.encoder["lora"] == 8
    assert recipe.encoder["max_length"] == 64
    assert recipe.stages[0].prompts == {"query_prompt": "", "passage_prompt": ""}


def test_a_stage_has_prompts_of_its_own(tmp_path: Path):
    shared = 'out = "run"\n[training]\nquery_prompt = "query"\n'
    stages = '[[stages]]\ndata = "a.csv"\n[[stages]]\ndata = "b.csv"\nquery_prompt = "x: "\n'
    recipe = recipe_of(tmp_path, shared + stages)
    assert [stage.prompts for stage in recipe.stages] == [{"query_prompt": "query"}, {"query_prompt": "x: "}]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max_length = 12.5", "expected max_length to be a whole number. Received: 12.5"),
        ("max_length = true", "expected max_length to be a whole number. Received: True"),
        ('mixed_precision = "yes"', "expected mixed_precision to be true or false"),
        ("mixed_precision = 1", "expected mixed_precision to be true or false"),
        ('dropout = "0.1"', "expected dropout to be a number"),
        ("freeze_layers = -0.5", "expected freeze_layers to be a whole number"),
        ('lora = "8"', "expected lora to be a whole number, or a table"),
        ("lora = {rank = 2.5}", "expected rank to be a whole number"),
        ("lora = {alpha = []}", "expected alpha to be a number"),
        ("lora = {targets = 3}", "expected targets to be a text or a list of texts"),
        ("lora = {ranks = 3}", "unknown setting 'ranks'. Did you mean 'rank'?"),
        ("training = {query_prompt = 3}", "Expected query_prompt to be the name of a prompt, or a text"),
        ("max_lenght = 3", "Did you mean 'max_length'?"),
    ],
)
def test_an_option_of_a_checkpoint_with_a_wrong_type_is_refused(tmp_path: Path, line: str, said: str):
    with pytest.raises(SettingsError) as caught:
        recipe_of(tmp_path, f'out = "run"\ndata = "pairs.csv"\n{line}\n')
    assert said in str(caught.value)
