"""Characters that end, close or go on with a sentence."""

import re

__all__ = [
    "ALWAYS_ENDS",
    "CJK",
    "CLOSERS",
    "CONTINUATIONS",
    "DISTINCT_CLOSERS",
    "ENDS",
    "OPENERS",
    "QUOTING_PARTICLE",
    "SENTENCE_TERMINATORS",
    "TOPIC_PARTICLE",
    "protected_spans",
]

# They need white space after them, and a word that can begin a sentence.
_AMBIGUOUS = ".!?…․‽‼⁇⁈⁉"

# Unicode's Sentence_Terminal without those above, with vertical forms and the marks of Tibetan and Khmer.
_DISTINCT = (
    "\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u0f0d-\u0f11\u104a\u104b\u1362"
    "\u1367\u1368\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d"
    "\u1b7e\u1c3b\u1c3c\u1c7e\u1c7f\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce"
    "\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe12\ufe15\ufe16\ufe52\ufe56\ufe57\uff01\uff0e\uff1f"
    "\uff61\U00010a56\U00010a57\U00010f55-\U00010f59\U00010f86-\U00010f89\U00011047\U00011048\U000110be-\U000110c1"
    "\U00011141-\U00011143\U000111c5\U000111c6\U000111cd\U000111de\U000111df\U00011238\U00011239\U0001123b\U0001123c"
    "\U000112a9\U0001144b\U0001144c\U000115c2\U000115c3\U000115c9-\U000115d7\U00011641\U00011642\U0001173c-\U0001173e"
    "\U00011944\U00011946\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00011ef7\U00011ef8\U00016a6e"
    "\U00016a6f\U00016af5\U00016b37\U00016b38\U00016b44\U00016e98\U0001bc9f\U0001da88"
)

# A run of terminators; points with spaces between them; the number of a verse between two double dandas; the Greek
# question mark, which normalization makes a semicolon.
ENDS = re.compile(
    r"\.(?:[ \xa0]\.){2,}|॥\s?\d{1,5}\s?॥|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e](?=[\s»”\")]|$)"
    rf"|[{_AMBIGUOUS}{_DISTINCT}]+"
)
SENTENCE_TERMINATORS = re.compile(rf"[{_AMBIGUOUS}{_DISTINCT}]")
ALWAYS_ENDS = re.compile(rf"[{_DISTINCT}]")

CJK = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)

# Quotes that close in one language open in another; after a full stop without a space they close. Then a reference.
CLOSERS = re.compile(r"""[)\]}"'”’“»«›‹〉》」』】〕〗）］｝｣]*(?:\[\d{1,3}\]|[¹²³⁰⁴-⁹]{1,3})*""")
DISTINCT_CLOSERS = re.compile(r"""[)\]}”’»›〉》」』】〕〗）］｝｣]*""")
OPENERS = re.compile(r"""[\s(\[{"'“‘„‚«»‹›¿¡「『（［｛〈《【〔—–―-]*""")
CONTINUATIONS = frozenset(",;:)]}、，；：،؛）」』】")

# What follows a quotation in Japanese where the sentence goes on: said that, of, is, ...
TOPIC_PARTICLE = re.compile(r"[とっはがをにものでかへやだ]|など|なん|より|から|まで")
QUOTING_PARTICLE = re.compile(r"と(?!ころ|き|て|も|り|に)|って")

_PAIRS = {
    "(": ")",
    "[": "]",
    "{": "}",
    "「": "」",
    "『": "』",
    "（": "）",
    "［": "］",
    "【": "】",
    "《": "》",
    "〈": "〉",
}
_PAIRS |= {"“": "”", "‘": "’", "«": "»", "‹": "›", "„": "“”", "»": "«", "‚": "‘’", "〔": "〕", "｢": "｣"}
_CLOSING = frozenset("".join(_PAIRS.values()))
_BRACKETS = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_PAIRS.values())) + "]")
# Longer ones hold a story rather than a remark.
_LONGEST_PROTECTED = 200
_DEEPEST = 8


def protected_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The brackets and quotations in which no sentence ends, [opening, closing], the outermost of each, in order."""
    open_marks: list[tuple[str, int]] = []
    spans: list[tuple[int, int]] = []
    for match in _BRACKETS.finditer(text, start, end):
        mark, place = match.group(), match.start()
        depth = _matching_depth(open_marks, mark) if mark in _CLOSING else None
        if depth is not None:
            opening = open_marks[depth][1]
            del open_marks[depth:]
            if place - opening <= _LONGEST_PROTECTED:
                while spans and spans[-1][0] > opening:
                    spans.pop()
                spans.append((opening, place))
        elif mark in _PAIRS:
            open_marks.append((_PAIRS[mark], place))
            del open_marks[:-_DEEPEST]
    return spans


def _matching_depth(open_marks: list[tuple[str, int]], mark: str) -> int | None:
    for depth in range(len(open_marks) - 1, -1, -1):
        if mark in open_marks[depth][0]:
            return depth
    return None
