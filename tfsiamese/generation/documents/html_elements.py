"""Which elements of HTML hold text, and which stand around it."""

from typing import Any

__all__ = ["BLOCKS", "HEADINGS", "TITLE_CLASSES", "classes", "is_dropped", "is_rubric", "is_signature_list"]

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form head header hgroup hr html legend li listing main menu nav ol optgroup p plaintext pre search section "
    "summary table tbody td tfoot th thead tr ul xmp"
)
_DROPPED_NAMES = (
    "annotation annotation-xml applet area audio button canvas datalist del embed footer frame frameset iframe "
    "img input link map meta meter nav noframes noscript object optgroup option param picture progress rp rt script "
    "select source style svg template textarea title track video"
)
_DROPPED_CLASS_NAMES = (
    "anchor-link anchorjs-link breadcrumb breadcrumbs fn-bracket footnote-backref footnote-ref footnote-reference "
    "genindextable hash-link header-anchor headerlink indextable linenos mw-editsection navbox sr-only toc "
    "toctree-wrapper viewcode-back viewcode-link visually-hidden"
)

BLOCKS = HEADINGS | frozenset(_BLOCK_NAMES.split())
"""Elements that begin on a line of their own."""

TITLE_CLASSES = frozenset(("admonition-title", "sidebar-title", "topic-title"))
"""Of the line above a note or a box that says what it is, as Sphinx and others name it."""

_DROPPED = frozenset(_DROPPED_NAMES.split())
_DROPPED_CLASSES = frozenset(_DROPPED_CLASS_NAMES.split())
_DROPPED_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "search", "doc-noteref", "doc-backlink", "doc-toc", "menu", "menubar")
)
# What Sphinx puts into aside elements belongs to the text.
_KEPT_ASIDES = frozenset(("topic", "sidebar", "admonition", "footnote", "footnote-list"))
_NOTE_CLASSES = ["footnote", "citation"]
_PERMALINKS = frozenset("¶#§🔗")


def classes(element: Any) -> frozenset[str]:
    """The classes of an element."""
    return frozenset(element.get("class") or ())


def is_dropped(element: Any) -> bool:
    """Whether nothing of an element belongs to the text of a page: what leads around it, asks or is hidden."""
    name = element.name
    if name in _DROPPED:
        return True
    attributes = element.attrs
    if not attributes:
        return name in ("aside", "form", "header") and _is_around(element, frozenset())
    named = classes(element)
    return (
        (name in ("aside", "form", "header") and _is_around(element, named))
        or not _DROPPED_CLASSES.isdisjoint(named)
        or {"contents", "topic"} <= named
        or attributes.get("role") in _DROPPED_ROLES
        or _is_hidden(attributes)
        or (name == "a" and _is_permalink(element))
        or (name == "sup" and "reference" in named)
        or ("label" in named and _is_in_note(element))
    )


def is_rubric(element: Any) -> bool:
    """Whether a paragraph is a heading that Sphinx leaves out of the table of contents."""
    return element.name == "p" and "rubric" in classes(element)


def is_signature_list(element: Any) -> bool:
    """Whether a dl describes functions and classes, as Sphinx writes them, or the terms of a glossary."""
    if element.name != "dl":
        return False
    if "glossary" in classes(element):
        return True
    term = element.find("dt", recursive=False)
    return term is not None and ("sig" in classes(term) or term.find(class_="descname") is not None)


def _is_around(element: Any, named: frozenset[str]) -> bool:
    """Whether an aside, a form or a header stands beside the text rather than around or above it."""
    if element.name == "aside":
        return _KEPT_ASIDES.isdisjoint(named)
    # Some pages are one form from top to bottom; many an article has its heading in a header of its own.
    if element.name == "form":
        return element.find(["h1", "h2", "main", "article"]) is None
    return element.find_parent(["main", "article"]) is None or element.find("h1") is None


def _is_in_note(element: Any) -> bool:
    """Whether a label is the number of a footnote or the key of a citation, as Sphinx and docutils name them."""
    return element.find_parent(class_=_NOTE_CLASSES) is not None


def _is_hidden(attributes: Any) -> bool:
    if attributes.get("hidden", "until-found") != "until-found" or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    if not style:
        return False
    style = "".join(style.split()).lower()
    return "display:none" in style or "visibility:hidden" in style


def _is_permalink(element: Any) -> bool:
    return element.get_text(strip=True) in _PERMALINKS if len(element.contents) == 1 else False
