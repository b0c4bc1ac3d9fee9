import tempfile
from collections.abc import Iterator

import pytest

from tfsiamese.encoders import Encoder, load_encoder


@pytest.fixture(scope="session")
def use_multilingual() -> Iterator[Encoder]:
    """The default encoder, built into a cache of its own. Not to be changed."""
    # pytest keeps its own temporary folders for three sessions, and this one takes 270 MB.
    with tempfile.TemporaryDirectory() as cache, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFSIAMESE_CACHE", cache)
        encoder = load_encoder("use-multilingual")
        patch.undo()
        yield encoder
