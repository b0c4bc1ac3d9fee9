"""What a user gets wrong about `tfsiamese train`: one line, status 1, and nothing spent or left behind."""

import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from tests.cli.conftest import Command, Result

MISTAKES = [
    (["--epochs", "0"], "epochs=0"),
    (["--epochs", "-1"], "epochs=-1"),
    (["--batch-size", "0"], "batch_size=0"),
    (["--learning-rate", "nan"], "learning_rate=nan"),
    (["--learning-rate", "inf"], "learning_rate=inf"),
    (["--learning-rate", "0"], "learning_rate=0.0"),
    (["--learning-rate=-1e-5"], "learning_rate=-1e-05"),
    (["--warmup=-1"], "warmup=-1.0"),
    (["--warmup", "1.5"], "warmup=1.5"),
    (["--warmup", "nan"], "warmup=nan"),
    (["--warmup", "1000"], "Expected a warm-up of 0 to 5 steps"),
    (["--decay", "cosin"], "Expected decay to be one of constant, linear, cosine. Received: decay='cosin'"),
    (["--loss", "msse"], "Unknown loss 'msse'"),
    (["--margin", "0.3"], "'mse' has no setting 'margin'"),
    (["--loss", "contrastive", "--margin=-1"], "margin=-1.0"),
    (["--loss", "contrastive"], "needs labels 0 (different) and 1 (same)"),
    (["--patience", "0"], "patience=0"),
    (["--patience", "1", "--validation", "0"], "patience needs something to monitor"),
    (["--validation", "1.5"], "Expected --validation"),
    (["--validation=-1"], "Expected --validation"),
    (["--validation", "nan"], "nan"),
    (["--validation", "1000"], "cannot take 1000 of"),
    (["--validation", "nowhere.csv"], "nowhere.csv does not exist"),
    (["--checkpoint-seconds", "nan"], "checkpoint_seconds=nan"),
    (["--seed=-1"], "seed=-1"),
    (["--seed", "99999999999999999999"], "seed=99999999999999999999"),
    (["--monitor", "validation_peerson"], "monitor='validation_peerson' is not measured"),
    (["--monitor", "sts_pearson_cosine"], "monitor='sts_pearson_cosine' is not measured"),
    (["--freeze", "no_such_variable"], "'no_such_variable' matches no variable"),
    (["--freeze", "*"], "Every variable of"),
    (["--signature", "nope"], "no signature 'nope'"),
    (["--output-key", "nope"], "'nope'"),
    (["--labels", "nowhere.txt"], "nowhere.txt cannot be read"),
    (["--sts", "nowhere.csv"], "nowhere.csv does not exist"),
    (["--encoder", "use-multilingul"], "Did you mean 'use-multilingual'?"),
    (["--encoder", "hf://owner"], "hf://owner is no handle of the Hugging Face Hub"),
    (["--encoder", "https://"], "cannot be downloaded"),
    (["--delimiter", "ab"], "'ab'"),
    (["--score-range", "1", "0"], "the lower one first"),
]


@pytest.fixture
def train(command: Command, pairs_file: Path, tiny_folder: Path, labels_file: Path, tmp_path: Path):
    """Trains on the tiny pairs into `tmp_path / "run"`, unless told otherwise; later options win."""

    def run(*arguments: object, pairs: object = pairs_file) -> Result:
        settings = ("--encoder", tiny_folder, "--out", tmp_path / "run", "--epochs", 1, "--labels", labels_file)
        return command("train", pairs, *settings, *arguments)

    return run


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "does not exist"),
        ("empty.csv", b"", "is empty"),
        ("header.csv", b"base,ref,similarity\n", "no rows"),
        ("columns.csv", b"a,b,c\nx,y,1\n", "the columns found are 'a', 'b', 'c'"),
        ("no_header.csv", b"x,y,1\nz,w,0\n", "--columns"),
        ("binary.csv", bytes(range(256)), "line 3 has the byte 0x80"),
        ("range.csv", b"text1,text2,label\na,b,1\nc,d,4\n", "line 3: 'label' is 4, not from 0 to 1"),
        ("blank.csv", b"text1,text2,label\na,b,1\nc,,0\n", "line 3: 'text2' is blank"),
        ("words.csv", b"text1,text2,label\na,b,yes\nc,d,0\n", "line 2: 'label' is 'yes'"),
        ("one.csv", b"text1,text2,label\na,b,1\n", "cannot split 1 row"),
        ("sheet.xlsx", b"PK\3\4", "unknown suffix .xlsx"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(train, tmp_path: Path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = train(pairs=path)
    assert result.error.startswith(str(path))
    assert said in result.error
    assert len(result.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_in_place_of_the_pairs_is_called_one(train, tmp_path: Path):
    assert f"{tmp_path} is a folder" in train(pairs=tmp_path).error


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_wrong_setting_is_refused_before_an_epoch_is_spent_and_can_be_mended_in_the_same_folder(
    train, tmp_path: Path, arguments: list[str], said: str
):
    result = train(*arguments)
    assert said in result.error
    assert "epoch 1" not in result.err
    # A folder that was begun would be "not empty" at the next try, and with --resume "started with other settings".
    assert not (tmp_path / "run").exists()


def test_more_labels_than_a_figure_takes_are_refused_before_training(train, tmp_path: Path):
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"label {number}\n" for number in range(201)), encoding="utf-8")
    result = train("--labels", labels)
    assert "200" in result.error
    assert "epoch 1" not in result.err


@pytest.mark.parametrize(("content", "said"), [(b"", "no text"), (b"\n \n", "no text"), (b"caf\xe9\n", "not UTF-8")])
def test_labels_that_are_no_texts_are_refused(train, tmp_path: Path, content: bytes, said: str):
    labels = tmp_path / "labels.txt"
    labels.write_bytes(content)
    assert said in train("--labels", labels).error


@pytest.mark.parametrize(
    ("content", "said"),
    [("a,b,2\nc,d,2\n", "all 2 scores are the same"), ("a,b,2\n", "1 pairs"), ("a,b,7\nc,d,2\n", "not from 0 to 5")],
)
def test_sts_data_on_which_nothing_is_defined_is_refused(train, tmp_path: Path, content: str, said: str):
    sts = tmp_path / "sts.csv"
    sts.write_text(content, encoding="utf-8")
    assert said in train("--sts", sts).error


def test_a_loss_that_cannot_use_a_label_names_the_line_of_the_file(train, tmp_path: Path):
    path = tmp_path / "graded.csv"
    rows = [f"text {number},other {number},{number % 2}" for number in range(30)]
    rows[16] = "text 16,other 16,0.5"
    path.write_text("\n".join(["text1,text2,label", *rows, ""]), encoding="utf-8")
    result = train("--loss", "contrastive", pairs=path)
    assert str(path) in result.error
    assert "line 18" in result.error


def test_a_folder_that_holds_something_is_not_touched(train, tmp_path: Path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert "is not empty" in train().error
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("out", ["file", "file/run"])
def test_a_run_folder_that_cannot_be_made_is_named(train, tmp_path: Path, out: str):
    (tmp_path / "file").write_text("content", encoding="utf-8")
    assert str(tmp_path / out) in train("--out", tmp_path / out).error
    assert (tmp_path / "file").read_text(encoding="utf-8") == "content"


@pytest.mark.parametrize(
    "broken", ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
)
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_saved_model_that_was_copied_in_part_is_called_one(
    train, tiny_folder: Path, tmp_path: Path, broken: str, how: str
):
    part = shutil.copytree(tiny_folder, tmp_path / "part") / broken
    if how == "missing":
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:100])
    result = train("--encoder", tmp_path / "part")
    assert result.error.startswith(str(tmp_path / "part"))
    assert "SavedModel" in result.error


def test_a_run_that_has_not_ended_is_no_encoder_yet(train, run_copy: Path):
    shutil.rmtree(run_copy / "encoder")
    assert f"{run_copy} is a run that has not ended" in train("--encoder", run_copy).error


def test_a_loss_that_is_not_finite_names_the_batch_and_keeps_what_was_good(train, tmp_path: Path):
    result = train("--learning-rate", "1e38", "--batch-size", 4)
    assert "The loss is nan at epoch 1, batch" in result.error
    assert "pairs.csv, lines " in result.error
    assert list((tmp_path / "run" / "checkpoints").glob("*/state.json"))
    assert not (tmp_path / "run" / "encoder" / "1").exists()


def test_a_full_disk_at_the_export_is_one_line_and_leaves_no_encoder(
    train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def save(root: object, folder: str, **settings: object) -> None:
        Path(folder, "saved_model.pb").write_bytes(b"half of it")
        raise tf.errors.ResourceExhaustedError(None, None, f"{folder}/saved_model.pb; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", save)
    result = train()
    assert "No space left on device" in result.error
    assert list((tmp_path / "run" / "encoder").iterdir()) == []
    monkeypatch.undo()
    assert train("--resume").status == 0
    assert (tmp_path / "run" / "encoder" / "1" / "saved_model.pb").is_file()
