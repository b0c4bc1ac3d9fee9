import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs import read_pairs

WriteFile = Callable[..., Path]
MessageFor = Callable[..., str]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Writes text (UTF-8, line breaks as they are) or bytes to a file of this name, and returns its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def message_for(write_file: WriteFile) -> MessageFor:
    """Reads a file of this content, which must fail with a DataError of one line that names the file."""

    def message(name: str, content: str | bytes, **settings) -> str:
        path = write_file(name, content)
        with pytest.raises(DataError) as caught:
            read_pairs(path, **settings)
        text = str(caught.value)
        assert len(text.splitlines()) == 1
        assert text.startswith(str(path))
        assert text.endswith(".")
        return text.removeprefix(str(path))

    return message


@pytest.fixture
def data_folder() -> Path:
    folder = os.environ.get("TFSIAMESE_DATA")
    if not folder:
        pytest.skip("TFSIAMESE_DATA is not set: it names the folder of the public data sets")
    return Path(folder)
