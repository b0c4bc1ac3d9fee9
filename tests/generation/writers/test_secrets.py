import base64
import copy
import json
import logging
import pickle
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfsiamese.generation.writers.secrets import LogScrubber, Secret

KEY = "AIza/Sy+D=9_x-Y0123"


@pytest.mark.parametrize(
    "guise",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY, safe="")
        .lower()
        .replace("aiza", "AIza")
        .replace("sy", "Sy")
        .replace("d%3d", "D%3d")
        .replace("-y", "-Y"),
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
        KEY.replace("/", "\\/"),
        KEY.encode().hex(),
    ],
)
def test_a_key_is_hidden_in_each_guise(guise):
    assert Secret(KEY).scrub(f"before {guise} behind") == "before *** behind"


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_a_key_inside_of_base64_is_hidden_wherever_it_stands(before, behind):
    encoded = base64.b64encode(before + KEY.encode() + behind).decode()
    scrubbed = Secret(KEY).scrub(encoded)
    assert "***" in scrubbed
    assert len(scrubbed) < len(encoded) - 20


def test_scrubbed_json_is_still_json():
    key = 'a"key\\with"quotes'
    text = json.dumps({"a": key, "b": json.dumps({"c": key})})
    assert json.loads(Secret(key).scrub(text)) == {"a": "***", "b": '{"c": "***"}'}


def test_a_secret_does_not_show_itself():
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]} {secret.reveal} {secret._pattern}"
    assert secret.reveal() == KEY
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            act(secret)


@pytest.mark.parametrize("placeholder", ["", "none", "EMPTY"])
def test_a_placeholder_is_not_hidden(placeholder):
    assert Secret(placeholder).scrub("none of the EMPTY words") == "none of the EMPTY words"


def test_log_records_lose_the_key_in_text_arguments_extras_and_tracebacks(caplog):
    logger = logging.getLogger("somepackage.deep.inside")
    scrubber = LogScrubber(Secret(KEY), ("somepackage",))
    scrubber.cover()
    scrubber.cover()
    assert logger.filters == [scrubber]
    with caplog.at_level(logging.DEBUG, logger="somepackage"):
        logger.debug("headers %s", {"key": KEY}, extra={"sent": {"x-goog-api-key": KEY}})
        try:
            raise ValueError(f"about {KEY}")
        except ValueError:
            logger.exception("it failed with %s", "grace")
    assert KEY not in caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert "ValueError: about ***" in caplog.text
    assert caplog.records[1].getMessage() == "it failed with grace"
    assert sys.exc_info() == (None, None, None)
    scrubber.uncover()
    assert logger.filters == []
