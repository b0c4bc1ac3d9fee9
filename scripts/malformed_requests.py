"""Requests that a model server must refuse, of many kinds, as hypothesis strategies.

Each strategy gives an Attempt: the bytes for the wire, and what may come back. All are wrong by TensorFlow Serving's
REST API or by HTTP itself, whatever the values drawn.
"""

import base64
import json

from hypothesis import strategies as st
from malformed_http import TEXTS, WORDS, Attempt, HttpKinds, request

__all__ = ["Attempt", "kinds"]

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
NO_TEXTS = NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    NO_TEXTS | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


class JsonKinds:
    """The strategies for one model, whose HTTP is right; every public method is a kind."""

    def __init__(self, path: str, valid_body: bytes, signatures: list[str]):
        self.path, self.valid_body, self.signatures = path, valid_body, signatures

    def _bodies(self, bodies: st.SearchStrategy[bytes]) -> st.SearchStrategy[Attempt]:
        return bodies.map(lambda body: Attempt(request(self.path, body)))

    def _objects(self, objects: st.SearchStrategy) -> st.SearchStrategy[Attempt]:
        return self._bodies(objects.map(lambda value: json.dumps(value).encode()))

    def broken_json(self) -> st.SearchStrategy[Attempt]:
        """Bytes that are no JSON, and valid bodies that are cut or go on after their end."""
        cut = st.integers(0, len(self.valid_body) - 1).map(lambda end: self.valid_body[:end])
        more = st.sampled_from([b"]", b"}", b"{}", b"null", b",", b'"']).map(lambda tail: self.valid_body + tail)
        changed = st.sampled_from(["'", "\t\x01", "//", "\x00", "]", ",,", "\\x"]).flatmap(
            lambda junk: st.integers(1, 3).map(
                lambda place: b'{"instances"' + b": ["[:place] + junk.encode() + b'"a"]}'
            )
        )
        return self._bodies((cut | more | changed | st.binary(max_size=60) | TEXTS.map(_utf8)).filter(_is_no_json))

    def no_object(self) -> st.SearchStrategy[Attempt]:
        """JSON, but no object."""
        return self._objects(VALUES.filter(lambda value: not isinstance(value, dict)))

    def wrong_keys(self) -> st.SearchStrategy[Attempt]:
        """No inputs, both forms at once, or the inputs of another signature."""
        neither = st.dictionaries(TEXTS, VALUES, max_size=4).filter(
            lambda value: not {"instances", "inputs"} & {*value}
        )
        both = st.fixed_dictionaries({"instances": st.lists(TEXTS, min_size=1), "inputs": st.lists(TEXTS, min_size=1)})
        other = WORDS.filter(lambda word: word not in ("texts", "b64")).map(lambda word: {word: ["a"]})
        named = other.map(lambda value: {"inputs": value}) | WORDS.filter(
            lambda word: word not in ("texts", "b64")
        ).map(lambda word: {"instances": [{word: "a"}]})
        return self._objects(neither | both | named)

    def wrong_shapes(self) -> st.SearchStrategy[Attempt]:
        """Scalars, empty rows, lists of lists, and lists of different lengths."""
        nested = st.recursive(
            st.lists(TEXTS, min_size=1, max_size=3), lambda inner: st.lists(inner, min_size=1, max_size=3)
        )
        rows = st.lists(nested, min_size=1, max_size=3) | st.tuples(TEXTS, nested).map(list)
        value = (
            rows.map(lambda value: {"instances": value})
            | rows.map(lambda value: {"inputs": value})
            | rows.map(lambda value: {"inputs": {"texts": value}})
            | TEXTS.map(lambda value: {"inputs": value})
            | TEXTS.map(lambda value: {"inputs": {"texts": value}})
            | TEXTS.map(lambda value: {"instances": value})
            | st.just({"instances": []})
            | TEXTS.map(lambda value: {"signature_name": "similarity", "inputs": {"left": [value], "right": value}})
        )
        return self._objects(value)

    def wrong_types(self) -> st.SearchStrategy[Attempt]:
        """Numbers, booleans, null and objects in the place of texts."""
        wrong = NO_TEXTS | st.dictionaries(WORDS.filter(lambda word: word != "b64"), VALUES, max_size=2)
        mixed = st.tuples(st.lists(TEXTS, max_size=3), wrong, st.lists(TEXTS, max_size=3))
        row = mixed.map(lambda parts: [*parts[0], parts[1], *parts[2]])
        value = row.flatmap(
            lambda texts: st.sampled_from(
                [{"instances": texts}, {"inputs": texts}, {"inputs": {"texts": texts}}, {"instances": texts[0]}]
            )
        )
        return self._objects(value.filter(_is_refused))

    def deep_nesting(self) -> st.SearchStrategy[Attempt]:
        """Lists and objects in one another, up to 200,000 deep, closed or not."""
        depth = st.integers(2, 200) | st.integers(200, 200_000)
        openings = st.sampled_from(["[", '{"a":', '[{"b64":', '{"texts":['])
        closings = {"[": "]", '{"a":': "}", '[{"b64":': "}]", '{"texts":[': "]}"}
        whole = st.tuples(st.sampled_from(["instances", "inputs", "signature_name"]), openings, depth, st.booleans())
        return self._bodies(
            whole.map(
                lambda drawn: (
                    f'{{"{drawn[0]}":' + drawn[1] * drawn[2] + '"a"' + closings[drawn[1]] * drawn[2] * drawn[3] + "}"
                ).encode()
            )
        )

    def numbers(self) -> st.SearchStrategy[Attempt]:
        """Numbers that no type can hold, and those that JSON does not have."""
        long = st.integers(1, 5000).map(lambda digits: "9" * digits)
        exponent = st.integers(300, 10**9).map(lambda power: f"1e{power}")
        token = st.sampled_from(["NaN", "Infinity", "-Infinity", "-NaN", "0x10", "1e", "+1", ".5", "01", "-", "1e-999"])
        place = st.sampled_from(
            [
                '{"instances": [%s]}',
                '{"inputs": [%s]}',
                '{"inputs": %s}',
                '{"signature_name": %s, "instances": ["a"]}',
                "%s",
            ]
        )
        return self._bodies(st.tuples(place, long | exponent | token).map(lambda drawn: (drawn[0] % drawn[1]).encode()))

    def invalid_utf8(self) -> st.SearchStrategy[Attempt]:
        """Strings and keys that are not UTF-8."""
        invalid = st.sampled_from([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"])
        around = st.tuples(TEXTS.map(_json_inside), invalid, TEXTS.map(_json_inside))
        body = around.map(lambda parts: b'{"instances": ["' + b"".join(parts) + b'"]}')
        key = around.map(lambda parts: b'{"' + b"".join(parts) + b'": 1, "instances": ["a"]}')
        return self._bodies(body | key)

    def lone_surrogates(self) -> st.SearchStrategy[Attempt]:
        """Escapes that are no character."""
        lone = st.sampled_from([r"\ud800", r"\udbff", r"\udc00", r"\udfff", r"\ud800\ud800", r"\udc00\ud800", r"\ud8"])
        text = st.tuples(WORDS, lone, WORDS).map("".join)
        return self._bodies(text.map(lambda value: f'{{"instances": ["{value}"]}}'.encode()))

    def bad_base64(self) -> st.SearchStrategy[Attempt]:
        """Objects that look like base64 and are none."""
        good = st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode())
        bad = st.tuples(good, st.sampled_from("!*é#%$\x00"), good).map("".join)
        value = bad.map(lambda text: {"b64": text}) | NO_TEXTS.map(lambda wrong: {"b64": wrong})
        value |= good.map(lambda text: {"b64": text, "other": 1}) | good.map(lambda text: {"b64": [text]})
        whole = value.map(lambda item: {"instances": [item]}) | value.map(lambda item: {"inputs": [item]})
        return self._objects(whole | good.map(lambda text: {"instances": {"b64": text}}))

    def unknown_signature(self) -> st.SearchStrategy[Attempt]:
        """Signatures that the model does not have, or no names."""
        name = (TEXTS | WORDS).filter(lambda text: text and text not in self.signatures)
        wrong = (NO_TEXTS | st.lists(TEXTS, max_size=2)).map(
            lambda value: {"signature_name": value, "instances": ["a"]}
        )
        return self._objects(name.map(lambda text: {"signature_name": text, "instances": ["a"]}) | wrong)


def kinds(model: str, signatures: list[str], versions: list[int], limit: int) -> dict[str, st.SearchStrategy[Attempt]]:
    """All strategies by name.

    Args:
        model: the name of a model that is served.
        signatures: those it has.
        versions: those that are served.
        limit: the most bytes of a body that the server takes.
    """
    http = HttpKinds(model, versions, limit)
    made = (JsonKinds(http.path, http.valid_body, signatures), http)
    found = [(name, part) for part in made for name in vars(type(part)) if not name.startswith("_")]
    return {name.replace("_", " "): getattr(part, name)() for name, part in found}


def _is_no_json(body: bytes) -> bool:
    try:
        json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return True
    return False


def _is_refused(value: dict) -> bool:
    """Whether no reading of the value finds texts in it, such as an object of the only input's name."""
    return '"texts": ["' not in json.dumps(value) and value not in ({"instances": "a"},) and not _has_named_rows(value)


def _has_named_rows(value: dict) -> bool:
    rows = value.get("instances")
    return isinstance(rows, list) and all(isinstance(row, dict) and set(row) == {"texts"} for row in rows)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json_inside(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()
