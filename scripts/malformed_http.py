"""Requests that a model server must refuse for their HTTP: paths, methods, headers, lengths and broken connections."""

import json
from dataclasses import dataclass
from urllib.parse import quote, unquote

from hypothesis import strategies as st

__all__ = ["TEXTS", "WORDS", "Attempt", "HttpKinds", "request"]

TEXTS = st.text(max_size=30)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-.", min_size=1, max_size=20)


@dataclass(frozen=True)
class Attempt:
    """A request on the wire.

    Attributes:
        data: its bytes.
        hangs_up: the client goes away without waiting; an answer is not needed.
        resets: it goes away by a reset instead of an end.
        may_lose_answer: the server may close while the client still sends, so that its answer can be lost on the way.
    """

    data: bytes
    hangs_up: bool = False
    resets: bool = False
    may_lose_answer: bool = False


def request(path: str, body: bytes = b"", method: str = "POST", headers: str = "") -> bytes:
    """A request that is right as HTTP."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
    return head.encode("utf-8", "surrogatepass") + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


class HttpKinds:
    """The strategies for one model; every public method is a kind."""

    def __init__(self, model: str, versions: list[int], limit: int):
        self.model, self.versions, self.limit = model, versions, limit
        self.path = f"/v1/models/{quote(model, safe='')}:predict"
        self.valid_body = json.dumps({"instances": ["a text", "another"]}).encode()

    def unknown_version(self) -> st.SearchStrategy[Attempt]:
        """Versions that are not served, or no numbers."""
        number = st.integers(0, 2**70).filter(lambda number: number not in self.versions).map(str)
        word = TEXTS.map(_escaped).filter(lambda text: not text.isdecimal())
        return self._targets((number | word).map(lambda part: f"/versions/{part}"))

    def unknown_label(self) -> st.SearchStrategy[Attempt]:
        """Labels that no version has."""
        return self._targets(TEXTS.map(lambda text: f"/labels/{_escaped('zz' + text)}"))

    def unknown_model(self) -> st.SearchStrategy[Attempt]:
        """Names of no model."""
        name = (TEXTS | WORDS).map(_escaped).filter(lambda part: unquote(part) != self.model)
        target = st.tuples(name, st.sampled_from([":predict", "", "/metadata"]))
        return target.map(
            lambda drawn: Attempt(
                request(f"/v1/models/{drawn[0]}{drawn[1]}", self.valid_body, "POST")
                if drawn[1] == ":predict"
                else request(f"/v1/models/{drawn[0]}{drawn[1]}", method="GET")
            )
        )

    def unknown_path(self) -> st.SearchStrategy[Attempt]:
        """Paths outside of the API, odd escapes among them, and actions that it does not have."""
        part = TEXTS.map(_escaped) | st.sampled_from(
            ["%", "%zz", "%00", "%2e%2e", "..", ".", "%2f", "%c0%af", "~", ";a", "*"]
        )
        path = st.tuples(st.lists(part, max_size=5).map("/".join), st.sampled_from(["/v1/", "/v2/", "/v1/models/a/b/"]))
        whole = path.map(lambda drawn: f"{drawn[1]}no such path/{drawn[0]}".replace(" ", "%20"))
        verb = st.sampled_from(
            ["predict ", ":", ":predicts", ":Classify%20", ":predict/", ":predict:predict", "/metadata/x"]
        )
        wrong_verb = verb.map(
            lambda text: f"/v1/models/{self.model}{text.strip()}" + ("x" if text == "predict " else "")
        )
        return st.tuples(whole | wrong_verb, st.sampled_from(["GET", "POST"])).map(
            lambda drawn: Attempt(request(drawn[0], self.valid_body if drawn[1] == "POST" else b"", drawn[1]))
        )

    def wrong_method(self) -> st.SearchStrategy[Attempt]:
        """Any method but POST where predictions are made."""
        known = st.sampled_from(
            ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "post", "CONNECT"]
        )
        token = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12).filter(lambda word: word != "POST")
        action = st.sampled_from(["predict", "classify", "regress"])
        path = action.map(lambda verb: self.path.removesuffix("predict") + verb)
        return st.tuples(known | token, path, st.sampled_from([b"", self.valid_body])).map(
            lambda drawn: Attempt(request(drawn[1], drawn[2], drawn[0]))
        )

    def content_length(self) -> st.SearchStrategy[Attempt]:
        """Lengths that are no number, contradict one another, are too short, or missing."""
        wrong = st.sampled_from(
            ["-1", "abc", "", " ", "0x10", "1e3", "9" * 30, "10, 11", "+5", "5 5", "1.0", "٣", "\x00"]
        )
        length = (wrong | st.integers(-(2**70), -1).map(str)).map(lambda text: f"Content-Length: {text}\r\n")
        length |= st.integers(1, 99).map(lambda n: f"Content-Length: {n}\r\nContent-Length: {n + 1}\r\n")
        length |= st.integers(0, len(self.valid_body) - 1).map(
            lambda n: f"Content-Length: {n}\r\nConnection: close\r\n"
        )
        return length.map(lambda lines: Attempt(self._head(lines) + b"\r\n" + self.valid_body))

    def transfer_encoding(self) -> st.SearchStrategy[Attempt]:
        """Codings that HTTP/1.1 does not have, and chunks of a wrong size."""
        coding = st.sampled_from(
            ["gzip", "chunked, gzip", "chunkedd", "identity", "", "\x0bchunked", "chunked, chunked"]
        )
        lines = coding.map(lambda text: f"Transfer-Encoding: {text}\r\nConnection: close\r\n")
        size = st.sampled_from(["zz", "-1", "f" * 20, "0x5", "", " ", "5 5", "1" * 40, "g"])
        chunk = size.map(lambda text: f"Transfer-Encoding: chunked\r\n\r\n{text}\r\nhello\r\n0\r\n\r\n")
        unequal = st.integers(0, 4).map(
            lambda n: f"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{n:x}\r\nhello world\r\n0\r\n\r\n"
        )
        both = st.just("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\n{{{\r\n0\r\n\r\n")
        data = lines.map(lambda text: self._head(text) + b"\r\n{") | (chunk | unequal | both).map(self._head)
        return data.map(Attempt)

    def header_junk(self) -> st.SearchStrategy[Attempt]:
        """Lines that are no header, too long, too many, or of control characters; the body is wrong as well."""
        line = st.sampled_from(
            [
                "no colon",
                ": no name",
                "a b: c",
                "a\x00b: c",
                "a: \x00",
                "Name : x",
                "\x7f: x",
                " folded",
                "é: x",
                "a:\rb",
            ]
        )
        junk = st.lists(line, min_size=1, max_size=3).map(lambda lines: "".join(f"{text}\r\n" for text in lines))
        junk |= st.integers(1, 40).map(lambda size: f"X-Long: {'x' * size * 5000}\r\n")
        junk |= st.integers(100, 3000).map(lambda count: "".join(f"X-{n}: {n}\r\n" for n in range(count)))
        return junk.map(lambda lines: Attempt(request(self.path, b"{", headers=lines), may_lose_answer=True))

    def request_line(self) -> st.SearchStrategy[Attempt]:
        """First lines that are none of HTTP/1.1, or too long."""
        line = st.sampled_from(
            [
                "POST",
                "POST  /",
                "POST / HTTP/9.9",
                "POST / HTTP/1.1x",
                "POST / http/1.1",
                " POST / HTTP/1.1",
                "\x16\x03\x01",
            ]
        )
        line |= st.sampled_from(["PRI * HTTP/2.0", "POST v1 HTTP/1.1", "POST http:// HTTP/1.1", "\x00 / HTTP/1.1"])
        line |= st.text(st.characters(min_codepoint=1, max_codepoint=255), min_size=1, max_size=40).filter(
            lambda text: "\n" not in text and "\r" not in text and not text.isspace()
        )
        line |= st.integers(10, 300).map(lambda size: f"POST /{'x' * size * 1000} HTTP/1.1")
        return line.map(lambda text: Attempt(f"{text}\r\nHost: a\r\n\r\n".encode("latin-1"), may_lose_answer=True))

    def oversized(self) -> st.SearchStrategy[Attempt]:
        """Bodies above the limit, whole or in chunks, and such as are only announced."""
        size = st.integers(self.limit + 1, 3 * self.limit)
        whole = size.map(lambda size: Attempt(request(self.path, b"[" * size)))
        chunked = size.map(
            lambda size: Attempt(
                self._head("Transfer-Encoding: chunked\r\n\r\n") + b"%x\r\n" % size + b"[" * size + b"\r\n0\r\n\r\n"
            )
        )
        announced = st.integers(self.limit + 1, 2**62).map(
            lambda size: Attempt(self._head(f"Content-Length: {size}\r\n") + b"\r\n" + b"[" * 2000, hangs_up=True)
        )
        return whole | chunked | announced

    def half_sent(self) -> st.SearchStrategy[Attempt]:
        """A client that goes away before its request is whole."""
        whole = request(self.path, self.valid_body)
        longer = self._head("Content-Length: 5000\r\n") + b"\r\n" + self.valid_body
        chunked = self._head("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        cut = st.sampled_from([whole, longer, chunked]).flatmap(
            lambda data: st.integers(0, len(data) - 1).map(lambda end: data[:end])
        )
        return st.tuples(cut, st.booleans()).map(lambda drawn: Attempt(drawn[0], hangs_up=True, resets=drawn[1]))

    def _head(self, lines: str) -> bytes:
        return f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\n{lines}".encode()

    def _targets(self, parts: st.SearchStrategy[str]) -> st.SearchStrategy[Attempt]:
        """Of a version or a label of the model: predictions, status and metadata."""
        base = self.path.removesuffix(":predict")
        ends = st.sampled_from([":predict", "", "/metadata"])
        return st.tuples(parts, ends).map(
            lambda drawn: Attempt(
                request(base + drawn[0] + drawn[1], self.valid_body)
                if drawn[1] == ":predict"
                else request(base + drawn[0] + drawn[1], method="GET")
            )
        )


def _escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="") or "%20"
