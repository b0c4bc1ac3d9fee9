import dataclasses
import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tfsiamese.encoders import load_encoder
from tfsiamese.errors import DataError, SettingsError

beam = pytest.importorskip("apache_beam", reason="apache-beam is not installed")

from apache_beam.runners.portability.fn_api_runner import FnApiRunner  # noqa: E402
from apache_beam.testing.util import assert_that, equal_to  # noqa: E402
from apache_beam.transforms import window  # noqa: E402

from tfsiamese.beam import Encode  # noqa: E402

TEXTS = ["red apple", "nurse", "", "看護師 naïve", "red apple", "data code road " * 30]


def pipeline() -> Any:
    return beam.Pipeline(runner=FnApiRunner())


def run(elements: list[Any], transform: Any, folder: Path) -> list[Any]:
    """What a pipeline makes of elements, by way of a file."""
    out = folder / "found"

    def write(element: Any) -> None:
        with out.open("ab") as file:
            pickle.dump(element, file)

    with pipeline() as steps:
        _ = steps | beam.Create(elements) | transform | beam.Map(write)
    found = []
    with out.open("rb") as file:
        while file.peek(1):
            found.append(pickle.load(file))
    return found


def expected(folder: Path, texts: list[str], **options: Any) -> dict[str, np.ndarray]:
    return dict(zip(texts, load_encoder(folder).encode(texts, **options), strict=True))


def test_each_text_comes_out_beside_its_vector_as_often_as_it_went_in(tiny_folder: Path, tmp_path: Path):
    found = run(TEXTS, Encode(tiny_folder, batch_size=2), tmp_path)
    assert sorted(text for text, _ in found) == sorted(TEXTS)
    vectors = expected(tiny_folder, TEXTS)
    for text, vector in found:
        assert vector.dtype == np.float32
        np.testing.assert_allclose(vector, vectors[text], atol=1e-5)


def test_keys_come_out_in_place_of_their_texts(tiny_folder: Path, tmp_path: Path):
    found = dict(run(list(enumerate(TEXTS)), Encode(tiny_folder), tmp_path))
    assert sorted(found) == list(range(len(TEXTS)))
    vectors = expected(tiny_folder, TEXTS)
    for key, vector in found.items():
        np.testing.assert_allclose(vector, vectors[TEXTS[key]], atol=1e-5)


def test_rows_come_out_whole(tiny_folder: Path, tmp_path: Path):
    rows = [{"id": number, "title": text} for number, text in enumerate(TEXTS)]
    found = run(rows, Encode(tiny_folder, text_field="title", normalize=True), tmp_path)
    assert sorted(row["id"] for row, _ in found) == list(range(len(TEXTS)))
    vectors = expected(tiny_folder, TEXTS, normalize=True)
    for row, vector in found:
        np.testing.assert_allclose(vector, vectors[row["title"]], atol=1e-5)


class Title(NamedTuple):
    title: str
    id: int


@dataclasses.dataclass
class Job:
    title: str
    id: int


@pytest.mark.parametrize("kind", [beam.Row, Title, Job])
def test_rows_with_a_schema_come_out_whole(tiny_folder: Path, kind: Any):
    rows = [kind(title=text, id=number) for number, text in enumerate(TEXTS)]
    encoding = Encode(tiny_folder, text_field="title")._encoding
    vectors = expected(tiny_folder, TEXTS)
    for row, (found, vector) in zip(rows, encoding.process(rows), strict=True):
        assert found is row
        np.testing.assert_allclose(vector, vectors[row.title], atol=1e-5)


def test_rows_of_a_pipeline_have_their_fields(tiny_folder: Path, tmp_path: Path):
    rows = [beam.Row(title=text, id=number) for number, text in enumerate(TEXTS)]
    transform = "Encode" >> Encode(tiny_folder, text_field="title") | beam.MapTuple(lambda row, _: (row.id, row.title))
    assert sorted(run(rows, transform, tmp_path)) == list(enumerate(TEXTS))


def test_bytes_are_utf_8_texts_and_a_prompt_stands_before_each(tiny_folder: Path, tmp_path: Path):
    [(text, vector)] = run(["péar".encode()], Encode(tiny_folder, prompt="query: "), tmp_path)
    assert text == "péar".encode()
    np.testing.assert_allclose(vector, expected(tiny_folder, ["query: péar"])["query: péar"], atol=1e-5)


def test_a_text_file_becomes_parquet(tiny_folder: Path, tmp_path: Path):
    import pyarrow
    from pyarrow import parquet

    texts = [f"data {number}" for number in range(300)]
    (tmp_path / "corpus-1.txt").write_text("\n".join(texts[:200]) + "\n", encoding="utf-8")
    (tmp_path / "corpus-2.txt").write_text("\n".join(texts[200:]) + "\n", encoding="utf-8")
    schema = pyarrow.schema([("text", pyarrow.string()), ("vector", pyarrow.list_(pyarrow.float32(), 8))])
    with pipeline() as steps:
        _ = (
            steps
            | beam.io.ReadFromText(str(tmp_path / "corpus-*.txt"))
            | Encode(tiny_folder, batch_size=16)
            | beam.MapTuple(lambda text, vector: {"text": text, "vector": vector.tolist()})
            | beam.io.WriteToParquet(str(tmp_path / "vectors"), schema, file_name_suffix=".parquet")
        )
    tables = [parquet.read_table(path) for path in sorted(tmp_path.glob("vectors*.parquet"))]
    found = {row["text"]: row["vector"] for table in tables for row in table.to_pylist()}
    assert sum(table.num_rows for table in tables) == 300
    vectors = expected(tiny_folder, texts)
    assert found.keys() == vectors.keys()
    np.testing.assert_allclose([found[text] for text in texts], [vectors[text] for text in texts], atol=1e-5)


def test_elements_stay_in_their_windows(tiny_folder: Path):
    def stamped(second: int) -> Any:
        return window.TimestampedValue(f"text {second}", second)

    with pipeline() as steps:
        counts = (
            steps
            | beam.Create([1, 2, 3, 11, 12, 25])
            | beam.Map(stamped)
            | beam.WindowInto(window.FixedWindows(10))
            | Encode(tiny_folder)
            | beam.Map(lambda pair: len(pair[1]))
            | beam.CombineGlobally(beam.combiners.CountCombineFn()).without_defaults()
        )
        assert_that(counts, equal_to([3, 2, 1]))


def test_the_encoder_is_loaded_once_in_a_process(tiny_folder: Path, tmp_path: Path):
    calls = tmp_path / "calls"
    code = f"""
import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
import tfsiamese.encoders
from tfsiamese.beam import Encode
load = tfsiamese.encoders.load_encoder
def counted(*arguments, **options):
    with open({str(calls)!r}, "a") as file:
        file.write("x")
    return load(*arguments, **options)
tfsiamese.encoders.load_encoder = counted
options = beam.options.pipeline_options.PipelineOptions(direct_num_workers=3, direct_running_mode="multi_threading")
with beam.Pipeline(runner=FnApiRunner(), options=options) as steps:
    texts = steps | beam.Create([f"text {{number}}" for number in range(500)], reshuffle=True)
    vectors = texts | Encode({str(tiny_folder)!r}, batch_size=4)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    assert calls.read_text() == "x"


def test_building_a_pipeline_does_not_import_tensorflow():
    code = "import sys; from tfsiamese.beam import Encode; Encode('x'); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=300).returncode == 0


@pytest.mark.parametrize(
    ("elements", "options", "said"),
    [
        ([7], {}, "Received: 7, of type int"),
        ([("key", None)], {}, "('key', None)"),
        ([("a", "b", "c")], {}, "('a', 'b', 'c')"),
        ([{"title": "x"}], {"text_field": "text"}, "no field 'text': {'title': 'x'}"),
        ([{"text": None}], {"text_field": "text"}, "{'text': None}"),
        (["a text"], {"text_field": "title"}, "no field 'title': 'a text'"),
        ([beam.Row(title="x")], {"text_field": "text"}, "no field 'text': BeamSchema_"),
        ([Title("x", 1)], {"text_field": "count"}, "no field 'count': Title("),
        ([Title("x", "y")], {}, "Title(title='x', id='y')"),
    ],
)
def test_an_element_that_is_no_text_is_quoted(tiny_folder: Path, tmp_path: Path, caplog, elements, options, said):
    caplog.set_level(logging.CRITICAL)  # the runner logs the traceback of what it raises
    with pytest.raises(DataError) as raised:
        run(elements, Encode(tiny_folder, **options), tmp_path)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": 2.5},
        {"prompt": "a", "prompt_name": "b"},
        {"normalize": "yes"},
        {"prompt": 5},
        {"prompt_name": b"query"},
        {"text_field": 1},
        {"encoder_options": "max_length"},
        {"encoder_options": {1: 2}},
    ],
)
def test_settings_that_cannot_be_used_are_refused_when_the_pipeline_is_built(options: dict[str, Any]):
    with pytest.raises(SettingsError, match="Expected"):
        Encode("use-multilingual", **options)


def test_an_encoder_that_is_loaded_already_is_no_source():
    with pytest.raises(SettingsError, match="Expected source to be an encoder source"):
        Encode(object())
