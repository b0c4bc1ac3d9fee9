"""References of a PDF file that lead back to themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["loops_broken"]


@contextmanager
def loops_broken() -> Iterator[None]:
    """Files that pdfplumber opens inside take an object that only refers to itself for a missing one.

    The parser follows references until it meets something else, so it would never end with such a file. The object
    may name itself at once, by way of others, or as the length of its own stream.
    """
    import pdfplumber.pdf

    guarded = _guarded_document()
    before = pdfplumber.pdf.PDFDocument
    pdfplumber.pdf.PDFDocument = guarded
    try:
        yield
    finally:
        pdfplumber.pdf.PDFDocument = before


@cache
def _guarded_document() -> type:
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser
    from pdfminer.pdftypes import PDFObjectNotFound, PDFObjRef

    class GuardedDocument(PDFDocument):
        """Gives what a chain of references ends at, and says "not found" where it has no end."""

        def __init__(self, parser: PDFParser, password: str = "") -> None:
            self._being_read: set[int] = set()
            super().__init__(parser, password=password)

        def getobj(self, objid: int) -> object:
            followed: set[int] = set()
            found = self._read_once(objid)
            while isinstance(found, PDFObjRef):
                if found.objid in followed:
                    raise PDFObjectNotFound(objid)
                followed.add(found.objid)
                found = self._read_once(found.objid)
            return found

        def _read_once(self, objid: int) -> object:
            if objid in self._being_read:
                raise PDFObjectNotFound(objid)
            self._being_read.add(objid)
            try:
                return super().getobj(objid)
            finally:
                self._being_read.discard(objid)

    return GuardedDocument
