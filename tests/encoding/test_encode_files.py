import json
import logging
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import WORDS, write_tiny_encoder
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.encoding import EncodingSettings, encode_files, open_vectors
from tfsiamese.encoding import shard_folder as shard_folder_module
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search import quantize_embeddings, truncate_embeddings

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


@pytest.fixture
def texts() -> list[str]:
    random = np.random.default_rng(3)
    found = [" ".join(random.choice(WORDS, size=random.integers(0, 9))) for _ in range(50)]
    return [*found, "", found[0], "看護師"]


@pytest.fixture
def source(texts: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class StopError(Exception):
    """Ends a run in the middle."""


def stop_after(encoder: Encoder, calls: int, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    encode = encoder.encode
    left = iter(range(calls))

    def limited(texts: list[str], *arguments: object, **options: object) -> np.ndarray:
        if texts and next(left, None) is None:
            raise error
        return encode(texts, *arguments, **options)

    monkeypatch.setattr(encoder, "encode", limited)


@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_shards_hold_the_vectors_in_the_order_of_the_texts(tiny_encoder, source: Path, texts, tmp_path: Path, kind):
    settings = EncodingSettings(format=kind, shard_size=20, normalize=True, batch_size=4)
    vectors = encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    assert vectors.shape == (53, 8)
    np.testing.assert_allclose(vectors[:], tiny_encoder.encode(texts, normalize=True), atol=1e-6)
    shards = [f"vectors-0000{number}.{kind}" for number in range(3)]
    assert sorted(content(tmp_path / "out")) == ["manifest.json", *shards]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [(shard["file"], shard["rows"]) for shard in manifest["shards"]] == list(
        zip(shards, [20, 20, 13], strict=True)
    )
    assert manifest["rows"] == 53
    assert manifest["complete"] is True
    assert manifest["encoder"]["fingerprint"] == tiny_encoder.fingerprint
    assert manifest["inputs"] == [{"name": "texts.txt", "bytes": source.stat().st_size}]
    expected = {"dimension": 8, "width": 8, "dtype": "float32", "precision": "float32", "normalize": True, "prompt": ""}
    assert manifest["vectors"] == expected


def test_a_parquet_shard_says_where_each_text_stands(tiny_encoder: Encoder, tmp_path: Path):
    (tmp_path / "a.csv").write_text("key,title\nx,red\ny,\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('\n{"title": "nurse", "key": 7}\n', encoding="utf-8")
    settings = EncodingSettings(column="title", id_column="key", format="parquet", with_text=True)
    encode_files(tiny_encoder, [tmp_path / "a.csv", tmp_path / "b.jsonl"], tmp_path / "out", settings=settings)
    table = parquet.read_table(tmp_path / "out" / "vectors-00000.parquet")
    assert table.schema.names == ["file", "line", "id", "text", "vector"]
    assert table.drop_columns(["vector"]).to_pylist() == [
        {"file": "a.csv", "line": 2, "id": "x", "text": "red"},
        {"file": "a.csv", "line": 3, "id": "y", "text": ""},
        {"file": "b.jsonl", "line": 2, "id": "7", "text": "nurse"},
    ]
    expected = tiny_encoder.encode(["red", "", "nurse"])
    np.testing.assert_allclose(table.column("vector").to_pylist(), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["npy", "parquet"])
@pytest.mark.parametrize("precision", ["float32", "int8", "ubinary"])
def test_a_run_that_goes_on_encodes_what_is_missing_only_and_ends_with_the_same_bytes(
    tiny_encoder, tiny_folder: Path, source: Path, tmp_path: Path, monkeypatch, kind: str, precision: str
):
    settings = EncodingSettings(format=kind, shard_size=10, precision=precision)
    encode_files(tiny_encoder, source, tmp_path / "whole", settings=settings)
    encoder = load_encoder(tiny_folder)
    stop_after(encoder, 2, monkeypatch, StopError())
    with pytest.raises(StopError):
        encode_files(encoder, source, tmp_path / "out", settings=settings)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("vectors-*")}
    assert len(before) == 2
    assert not list((tmp_path / "out").glob(".*"))
    with pytest.raises(DataError, match="holds 20 vectors, and more were to come"):
        open_vectors(tmp_path / "out")
    again = load_encoder(tiny_folder)
    stop_after(again, 4, monkeypatch, AssertionError("a finished shard was encoded again"))
    encode_files(again, source, tmp_path / "out", settings=settings)
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in before} == before


def test_a_shard_that_was_lost_or_damaged_is_written_again(tiny_encoder, source: Path, tmp_path: Path):
    settings = EncodingSettings(shard_size=10)
    encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    whole = content(tmp_path / "out")
    (tmp_path / "out" / "vectors-00001.npy").unlink()
    (tmp_path / "out" / "vectors-00003.npy").write_bytes(b"half")
    with pytest.raises(DataError, match=r"vectors-00001\.npy cannot be read"):
        open_vectors(tmp_path / "out")[15]
    encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    assert content(tmp_path / "out") == whole


def test_ctrl_c_says_how_to_go_on(tiny_encoder, source: Path, tmp_path: Path, monkeypatch, caplog):
    stop_after(tiny_encoder, 3, monkeypatch, KeyboardInterrupt())
    with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt):
        encode_files(tiny_encoder, source, tmp_path / "out", settings=EncodingSettings(shard_size=10))
    assert "stopped with 3 finished shards. The same command again goes on" in caplog.text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"normalize": True}, "vectors.normalize was False, is True"),
        ({"dimension": 4}, "vectors.dimension was 8, is 4"),
        ({"precision": "binary"}, "vectors.precision was 'float32', is 'binary'"),
        ({"prompt": "query: "}, "vectors.prompt was '', is 'query: '"),
        ({"shard_size": 11}, "files.shard_size was 10, is 11"),
        ({"format": "parquet"}, "files.format was 'npy', is 'parquet'"),
    ],
)
def test_vectors_of_other_settings_are_not_mixed(tiny_encoder, source: Path, tmp_path: Path, settings, said: str):
    encode_files(tiny_encoder, source, tmp_path / "out", settings=EncodingSettings(shard_size=10))
    before = content(tmp_path / "out")
    other = EncodingSettings(**{"shard_size": 10, **settings})
    with pytest.raises(SettingsError, match="made otherwise") as raised:
        encode_files(tiny_encoder, source, tmp_path / "out", settings=other)
    assert said in str(raised.value)
    assert "--overwrite" in str(raised.value)
    assert content(tmp_path / "out") == before
    encode_files(tiny_encoder, source, tmp_path / "out", settings=other, overwrite=True)
    encode_files(tiny_encoder, source, tmp_path / "anew", settings=other)
    assert content(tmp_path / "out") == content(tmp_path / "anew")


def test_vectors_of_another_encoder_are_not_mixed(tiny_encoder, source: Path, tmp_path: Path):
    encode_files(tiny_encoder, source, tmp_path / "out")
    other = load_encoder(write_tiny_encoder(tmp_path / "other", seed=5))
    with pytest.raises(SettingsError, match=r"encoder\.fingerprint was"):
        encode_files(other, source, tmp_path / "out")


def test_a_folder_and_an_encoder_that_moved_are_the_same(tiny_encoder, source: Path, tmp_path: Path, monkeypatch):
    encode_files(tiny_encoder, source, tmp_path / "out")
    (tmp_path / "moved").mkdir()
    source = source.rename(tmp_path / "moved" / source.name)
    out = (tmp_path / "out").rename(tmp_path / "moved" / "out")
    tiny_encoder.source = "elsewhere"
    stop_after(tiny_encoder, 0, monkeypatch, AssertionError("encoded again"))
    assert len(encode_files(tiny_encoder, source, out, settings=EncodingSettings(batch_size=7))) == 53


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + "one more\n", r"inputs\.1\.bytes was \d+, is \d+"),
        (lambda text: text[:-2] + "X\n", r"Shard 0 of .* was made from other texts"),
    ],
    ids=["longer", "as long"],
)
def test_texts_that_changed_are_not_mixed(tiny_encoder, tmp_path: Path, change, said):
    source = tmp_path / "texts.txt"
    source.write_text("red apple\nnurse\n", encoding="utf-8")
    encode_files(tiny_encoder, source, tmp_path / "out")
    source.write_text(change("red apple\nnurse\n"), encoding="utf-8")
    with pytest.raises((DataError, SettingsError), match=said):
        encode_files(tiny_encoder, source, tmp_path / "out")


def test_more_files_are_not_mixed(tiny_encoder, source: Path, tmp_path: Path):
    encode_files(tiny_encoder, source, tmp_path / "out")
    with pytest.raises(SettingsError, match="inputs were 1, are 2"):
        encode_files(tiny_encoder, [source, source], tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(tiny_encoder, source: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.md").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"not empty and has no manifest\.json"):
        encode_files(tiny_encoder, source, tmp_path / "out")
    assert list(content(tmp_path / "out")) == ["notes.md"]
    encode_files(tiny_encoder, source, tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "notes.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("text", ['{"format_version": 2}', "[]", "{", '{"format_version": 1, "shards": [1]}'])
def test_a_manifest_that_cannot_be_read_is_named(tiny_encoder, source: Path, tmp_path: Path, text: str):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest\.json is no manifest of vectors"):
        encode_files(tiny_encoder, source, tmp_path / "out")


@pytest.mark.parametrize("precision", ["int8", "uint8", "binary", "ubinary"])
def test_codes_in_a_file_are_those_of_all_vectors_at_once(
    tiny_encoder, source, texts, tmp_path, monkeypatch, precision
):
    monkeypatch.setattr("tfsiamese.encoding.inputs.windows.__defaults__", (7,))
    monkeypatch.setattr("tfsiamese.encoding.single_file._ROWS_AT_ONCE", 6)
    settings = EncodingSettings(precision=precision, dimension=5)
    vectors = encode_files(tiny_encoder, source, tmp_path / "codes.npy", settings=settings)
    expected = quantize_embeddings(truncate_embeddings(tiny_encoder.encode(texts), 5), precision)
    assert np.load(tmp_path / "codes.npy").dtype == expected.codes.dtype
    differ = np.load(tmp_path / "codes.npy") != expected.codes
    assert differ.mean() < 0.02  # numbers within rounding of an edge
    if expected.quantizer.ranges is not None:
        np.testing.assert_allclose(np.load(tmp_path / "codes.ranges.npy"), expected.quantizer.ranges, atol=1e-6)
        np.testing.assert_allclose(vectors.quantizer.dequantize(vectors), expected.dequantize(), atol=0.02)
    assert not list(tmp_path.glob(".*"))


def test_ranges_of_a_folder_come_from_its_first_vectors(tiny_encoder, source, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(shard_folder_module, "CALIBRATION_ROWS", 15)
    monkeypatch.setattr("tfsiamese.encoding.inputs.windows.__defaults__", (5,))
    settings = EncodingSettings(precision="uint8", shard_size=20)
    vectors = encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    expected = tiny_encoder.encode(texts)
    first = expected[:15]
    np.testing.assert_allclose(vectors.quantizer.ranges, [first.min(axis=0), first.max(axis=0)], atol=1e-6)
    lowest, highest = vectors.quantizer.ranges
    restored = vectors.quantizer.dequantize(vectors)
    np.testing.assert_allclose(restored, np.clip(expected, lowest, highest), atol=0.51 * (highest - lowest).max() / 255)


def test_codes_without_their_ranges_are_not_gone_on_with(tiny_encoder, source: Path, tmp_path: Path):
    settings = EncodingSettings(precision="int8")
    encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    (tmp_path / "out" / "ranges.npy").unlink()
    with pytest.raises(DataError, match=r"ranges\.npy cannot be read.*--overwrite"):
        encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)


def test_equal_texts_of_a_window_are_computed_once(tiny_encoder, tmp_path: Path, monkeypatch):
    seen = []
    function = tiny_encoder._function_for("")

    def counted(batch):
        seen.extend(batch.numpy().tolist())
        return function(batch)

    monkeypatch.setitem(tiny_encoder._functions, "", counted)
    (tmp_path / "t.txt").write_text("red\nblue\nred\nred\n", encoding="utf-8")
    vectors = encode_files(tiny_encoder, tmp_path / "t.txt", tmp_path / "out")
    assert sorted(seen) == [b"blue", b"red"]
    np.testing.assert_array_equal(vectors[0], vectors[3])


def test_texts_that_are_cut_are_counted_once_for_all_windows(tiny_encoder, tmp_path: Path, monkeypatch, caplog):
    monkeypatch.setattr(type(tiny_encoder), "max_length", property(lambda self: 3))
    monkeypatch.setattr(
        tiny_encoder, "num_tokens", lambda texts, prompt=None: np.array([len(text.split()) for text in texts])
    )
    (tmp_path / "t.txt").write_text("a b c\na b c d\n\na b c d e\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        encode_files(tiny_encoder, tmp_path / "t.txt", tmp_path / "out", settings=EncodingSettings(shard_size=1))
    [message] = [record.getMessage() for record in caplog.records]
    assert message.endswith("2 of 4 texts were cut at 3 tokens; the longest has 5")


@pytest.mark.parametrize("names", [["a.txt"], ["a.txt", "b.txt"]])
@pytest.mark.parametrize("out", ["vectors.npy", "vectors"])
def test_files_without_any_text_are_refused(tiny_encoder, tmp_path: Path, names: list[str], out: str):
    for name in names:
        (tmp_path / name).write_text("\n \n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no text|None of the 2 files holds a text"):
        encode_files(tiny_encoder, [tmp_path / name for name in names], tmp_path / out)
    assert not (tmp_path / "vectors.npy").exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "int4"},
        {"format": "csv"},
        {"shard_size": 0},
        {"batch_size": -1},
        {"dimension": 0},
        {"with_text": True},
        {"id_column": "id"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        EncodingSettings(**settings)


def test_settings_that_the_encoder_cannot_take_are_refused_before_anything_is_written(tiny_encoder, source, tmp_path):
    for settings in (EncodingSettings(dimension=9), EncodingSettings(prompt_name="query")):
        with pytest.raises(SettingsError, match="at most 8|no prompt 'query'"):
            encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    with pytest.raises(SettingsError, match="written in shards"):
        encode_files(tiny_encoder, source, tmp_path / "v.npy", settings=EncodingSettings(format="parquet"))
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
