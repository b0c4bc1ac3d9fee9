"""The main content and the title of a page."""

import re
import warnings
from typing import Any

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning

from tfsiamese.generation.documents.document import Block, Document
from tfsiamese.generation.documents.html_blocks import html_blocks
from tfsiamese.generation.documents.html_elements import classes
from tfsiamese.generation.documents.html_inline import inline_text

__all__ = ["page_document"]

_CONTAINER_IDS = frozenset(("mw-content-text", "main-content", "content", "main"))
_CONTAINER_CLASSES = frozenset(("markdown-body", "document", "entry-content", "post-content"))
# lxml would take the encoding that an XML declaration names for that of the text.
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def page_document(html: str, source: str, whole: bool = False) -> Document:
    """The document that a page holds; without blocks where it has no text.

    Args:
        html: the page.
        source: names the document.
        whole: take all of the page, as where it was made from Markdown.
    """
    page = _parsed(html)
    blocks: tuple[Block, ...] = ()
    for root in [page] if whole else _roots(page):
        blocks = html_blocks(root)
        if blocks:
            break
    return Document(source, _title(page, blocks), blocks)


def _parsed(html: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(_XML_DECLARATION.sub("", html, count=1), "lxml")


def _roots(page: Any) -> list[Any]:
    """Where the main content may be, the likeliest first; the whole page last.

    Not its body: where a page opens none, lxml leaves elements that are new in HTML 5 in the head.
    """
    main = page.find(attrs={"role": "main"}) or page.find("main")
    articles = [one for one in (main or page).find_all("article") if one.find_parent("article") is None]
    if main is not None:
        return [*(articles if len(articles) == 1 and _holds_most(articles[0], main) else ()), main, page]
    if len(articles) == 1:
        return [articles[0], page]
    found = None if articles else page.find(_is_container)
    return [found, page] if found is not None and _holds_most(found, page) else [page]


def _is_container(tag: Any) -> bool:
    return tag.get("id") in _CONTAINER_IDS or not _CONTAINER_CLASSES.isdisjoint(classes(tag))


def _holds_most(part: Any, whole: Any) -> bool:
    return 2 * len(part.get_text(strip=True)) >= len(whole.get_text(strip=True))


def _title(page: Any, blocks: tuple[Block, ...]) -> str:
    """The first heading of level 1, in the content or anywhere on the page, else what the page's head says."""
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    if first:
        return first
    for element in (page.find("h1"), page.title):
        text = inline_text(element) if element is not None else ""
        if text:
            return text
    return ""
