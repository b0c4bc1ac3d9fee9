import json

import pytest

from tfsiamese.errors import ExportError
from tfsiamese.servables import METADATA_FILE, read_metadata, write_metadata


def _write(folder, content: str) -> None:
    (folder / METADATA_FILE).parent.mkdir()
    (folder / METADATA_FILE).write_text(content, encoding="utf-8")


def test_what_is_written_is_read_back_with_its_format(tmp_path):
    write_metadata(tmp_path, {"name": "jobs", "encoder": {"prompts": {"query": "zapytanie: ąę "}}})
    assert read_metadata(tmp_path) == {
        "format": 1,
        "name": "jobs",
        "encoder": {"prompts": {"query": "zapytanie: ąę "}},
    }
    assert "ąę" in (tmp_path / METADATA_FILE).read_text(encoding="utf-8")


def test_a_version_without_metadata_has_none(tmp_path):
    assert read_metadata(tmp_path) is None


def test_lone_surrogates_are_written_as_replacement_characters(tmp_path):
    write_metadata(tmp_path, {"source": "gr\udcfc\udcdfe", "data": {"\ud800": 1}})
    found = read_metadata(tmp_path)
    assert found["source"] == "gr" + 6 * "\N{REPLACEMENT CHARACTER}" + "e"
    assert found["data"] == {3 * "\N{REPLACEMENT CHARACTER}": 1}
    json.loads((tmp_path / METADATA_FILE).read_bytes())


def test_escaped_lone_surrogates_of_others_are_read_as_replacement_characters(tmp_path):
    _write(tmp_path, '{"format": 1, "name": "a\\ud800", "smile": "\\ud83d\\ude00"}')
    found = read_metadata(tmp_path)
    assert found["name"] == "a" + 3 * "\N{REPLACEMENT CHARACTER}"
    assert found["smile"] == "\N{GRINNING FACE}"


@pytest.mark.parametrize("content", ["[]", "null", '"text"', "1", "{}", '{"format": 2}', '{"format": "1"}'])
def test_a_value_of_another_kind_or_format_is_named(tmp_path, content):
    _write(tmp_path, content)
    with pytest.raises(ExportError, match=r"tfsiamese\.json has the format .* Expected 1"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("content", ["", "{", '{"format": 1', "[" * 100_000])
def test_a_file_that_is_no_json_is_named(tmp_path, content):
    _write(tmp_path, content)
    with pytest.raises(ExportError, match=r"tfsiamese\.json cannot be read as JSON"):
        read_metadata(tmp_path)
