"""Pairs without a language model: what authors themselves put above a text, or at its beginning.

A heading is what a reader looks for and the section what they find; the first sentence of a passage often says what
the rest is about. Such pairs teach the words of a domain, but no questions: headings are short, and no author wrote
them as queries.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.chunks.prose import is_prose, reading_length
from tfsiamese.generation.chunks.sentences import split_sentences
from tfsiamese.generation.chunks.terminators import SENTENCE_TERMINATORS
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["count_headings", "extract_pair"]

_SHORTEST_QUERY = 20
_SHORTEST_PASSAGE = 80
_FEWEST_LETTERS = 2
_LEAST_SHARE_OF_LETTERS = 0.4
# A heading that long is no name of the thing but a sentence of the passage.
_WORDS_OF_A_SENTENCE = 4

_CHAPTER = (
    r"(?:chapter|section|part|appendix|kapitel|abschnitt|teil|anhang|chapitre|partie|annexe|capítulo|sección|parte"
    r"|apéndice|seção|capitolo|sezione|hoofdstuk|deel|bijlage|глава|раздел|часть|приложение|rozdział|kapitola)"
)
_NUMBERING = re.compile(
    rf"""(?:
        {_CHAPTER}\s(?-i:\d+(?:\.\d+)*|[IVXLC]+|[A-Z])\b\s?[.:)–—-]*
        | 第\s?[\d一二三四五六七八九十百〇]+\s?[章節节条條部編篇回]\s?[.:：、]?
        | §+\s?\d+\w?(?:\.\d+)*\s?[.:)–—-]?
        | (?:[A-Z]\.)?\d+(?:\.\d+)+[.:)]?(?=\s)
        | \(?(?:\d+|(?-i:[IVX]+))[.)](?=\s)
        | \(?[A-Z]\)(?=\s)
    )\s*""",
    re.IGNORECASE | re.VERBOSE,
)
# Headings of what serves the rest of a document, which nobody looks for.
_APPARATUS = re.compile(
    r"(?:foot|end)notes|references|bibliography|works cited|(?:general |subject )?index|(?:table of )?contents"
    r"|list of (?:figures|tables)|fu(?:ß|ss)noten|einzelnachweise|literatur(?:verzeichnis)?|quellenverzeichnis"
    r"|(?:inhalts|stichwort|sach|abbildungs|tabellen)verzeichnis|inhalt|sachregister|notes de bas de page|références"
    r"|bibliographie|table des matières|sommaire|notas al pie|referencias|bibliografía|índice(?: general)?"
    r"|referências|bibliografia|sumário|riferimenti|indice(?: analitico)?|voetnoten|inhoudsopgave"
    r"|сноски|литература|список литературы|оглавление|содержание|脚注|参考文献|索引|目次|目录|目錄",
    re.IGNORECASE,
)
_ANCHOR = re.compile(r"(?:\s?¶|\s[#§]|\s?[:：])+$")
_SINGLE_WORD = re.compile(r"(?:[^\W\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u9fff\uac00-\ud7a3]|[-'’*&@+])+")
_SHORT_CJK = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,4}")
_LETTER = re.compile(r"[^\W\d_]")
_CODE_LINE = re.compile(r"(?:>>>|\.\.\.|[$%#>|<{}@]|//|--)\s?")
_NO_TERMINATORS = re.compile(r"[\u0e01-\u0e4e\u0e81-\u0edf]{20,}")

_LEAD_IN = re.compile(
    r"(?:notes?|examples?|warning|caution|tip|hint|important|see also|summary|usage|hinweis|anmerkung|beispiele?"
    r"|achtung|wichtig|siehe auch|remarque|exemples?|attention|avertissement|voir aussi|nota|ejemplos?|atención|aviso"
    r"|véase también|exemplos?|atenção|veja também|esempi?o?|attenzione|vedi anche|opmerking|voorbeeld|примечание"
    r"|примеры?|внимание|см\. также|注意?|例|備考|参考|示例|警告)[\s.:!：。！]*",
    re.IGNORECASE,
)
# What tools put in front of a description, rather than a part of it.
_NOTICE = re.compile(
    r"(?:(?:new|added|changed|deprecated|removed)\b.{0,20}\bversion|source code|authors?|copyright|see also"
    r"|return value"
    r"|(?:contributed|patch|fixed) by|part of the stable abi|last (?:updated|modified))\b",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"(?:(?:this|that|these|those|it|its|they|them|he|she|his|her|their|however|but|and|or|also|then|thus|therefore"
    r"|hence|otherwise|instead|similarly|likewise|moreover|furthermore|additionally|conversely|again|both|such|here"
    r"|finally|so|dies|diese|dieser|dieses|er|sie|es|aber|auch|dann|daher|jedoch|außerdem|dabei|hier|cela|cette|ces"
    r"|ceci|il|elle|ils|mais|donc|ainsi|esto|este|esta|estos|estas|ese|esa|pero|además|sin embargo|isto|isso|mas|questo"
    r"|questa|però|он|она|оно|они|это|этот|эта|эти|но|также|поэтому|for example|for instance"
    r"|in (?:this|that|addition|contrast)|as (?:above|before)|zum beispiel|par exemple|por ejemplo|например)\b"
    r"|これ|それ|この|その|また|しかし|そして|ただし|这|那|它|他|她|但|此外|因此)",
    re.IGNORECASE,
)


def count_headings(chunks: Iterable[Chunk]) -> Counter[str]:
    """How many sections of a corpus go by each heading, alone and with those above it, in lower case."""
    return Counter(
        heading.casefold() for chunk in chunks if chunk.opens_section for heading in dict.fromkeys(_qualified(chunk))
    )


def extract_pair(chunk: Chunk, heading_counts: Mapping[str, int]) -> WrittenPair | str:
    """The heading and its passage, else the first sentence and the rest; or the reason why there is neither.

    The first chunk of a section takes the heading, without its number, unless that only says "References", "Index" or
    the like. Where the same heading stands elsewhere, or is a single word, those above it are put in front, such as
    "Django: Installation", until there is only one.

    Args:
        chunk: of the corpus.
        heading_counts: `count_headings` of all chunks of the corpus.
    """
    if not _has_sentence(chunk.text):
        return "no sentence in the passage"
    if chunk.opens_section:
        heading = _query(chunk, heading_counts)
        if heading is not None:
            return WrittenPair(chunk, heading, chunk.text)
    return _first_sentence(chunk)


def _query(chunk: Chunk, heading_counts: Mapping[str, int]) -> str | None:
    headings = list(_qualified(chunk))
    if not headings or _APPARATUS.fullmatch(headings[0]) or _repeats(headings[0], chunk.text):
        return None
    if len(headings) > 1 and _says_little(headings[0]):
        headings = headings[1:]
    return next((heading for heading in headings if heading_counts.get(heading.casefold(), 0) <= 1), None)


def _qualified(chunk: Chunk) -> Iterator[str]:
    """A chunk's heading, then with one above it, then with two, up to the title; nothing where it has no words."""
    names = [_name(heading) for heading in (chunk.title, *chunk.headings)]
    if not _is_name(names[-1]):
        return
    parents = [name for name in dict.fromkeys(names) if _is_name(name) and name != names[-1]]
    for first in range(len(parents), -1, -1):
        yield ": ".join([*parents[first:], names[-1]])


def _name(heading: str) -> str:
    """A heading without its number and the sign of a link to itself."""
    bare = " ".join(heading.split())
    number = _NUMBERING.match(bare)
    return _ANCHOR.sub("", bare[number.end() :] if number else bare)


def _is_name(name: str) -> bool:
    letters = len(_LETTER.findall(name))
    return letters >= _FEWEST_LETTERS and letters >= _LEAST_SHARE_OF_LETTERS * len(name.replace(" ", ""))


def _says_little(name: str) -> bool:
    return _SINGLE_WORD.fullmatch(name) is not None or _SHORT_CJK.fullmatch(name) is not None


def _repeats(name: str, passage: str) -> bool:
    """Whether a passage begins with its heading, as a sentence or as the beginning of one."""
    if not passage.casefold().startswith(name.casefold()):
        return False
    first_line = passage.split("\n", 1)[0].rstrip(" .:")
    return len(name.split()) >= _WORDS_OF_A_SENTENCE or len(first_line) <= len(name)


def _first_sentence(chunk: Chunk) -> WrittenPair | str:
    start, end = split_sentences(chunk.text)[0]
    sentence, rest = chunk.text[start:end], _without_notices(chunk.text[end:].strip())
    reason = _fault_of_sentence(sentence)
    if reason is not None:
        return reason
    if chunk.text.startswith("\n", end) and not chunk.opens_section:
        return "the first sentence stands alone"
    if reading_length(rest) < _SHORTEST_PASSAGE or not _has_sentence(rest):
        return "too little after the first sentence"
    if len(sentence) * 2 > len(chunk.text):
        return "the first sentence is more than half of the passage"
    return WrittenPair(chunk, sentence, rest)


def _without_notices(text: str) -> str:
    """A text without the remarks on versions and authors at its beginning."""
    for start, end in split_sentences(text):
        if not _NOTICE.match(text[start:end].lstrip("([")):
            return text[start:]
    return ""


def _fault_of_sentence(sentence: str) -> str | None:
    if "\n" in sentence or _CODE_LINE.match(sentence):
        return "the passage begins with code or a table"
    if _LEAD_IN.fullmatch(sentence) or sentence.endswith((":", "：")) or _NOTICE.match(sentence):
        return "the first sentence only leads in"
    if reading_length(sentence) < _SHORTEST_QUERY or not is_prose(sentence):
        return "the first sentence is too short"
    if _REFERS_BACK.match(sentence):
        return "the first sentence refers to what stands before it"
    return None


def _has_sentence(text: str) -> bool:
    """Whether a text is more than names, links, numbers and code."""
    for start, end in split_sentences(text):
        last_line = text[start:end].rsplit("\n", 1)[-1]
        if _CODE_LINE.match(last_line) or not is_prose(last_line):
            continue
        is_ended = SENTENCE_TERMINATORS.search(last_line[-4:]) is not None
        if (is_ended and not _NOTICE.match(last_line)) or _NO_TERMINATORS.search(last_line):
            return True
    return False
