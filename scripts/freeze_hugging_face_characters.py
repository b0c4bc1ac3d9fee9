"""Writes tfsiamese/encoders/tokenizers/characters.json: what Hugging Face's tokenizers does with each character.

Run once, in an environment of its own: `pip install tokenizers==0.23.3`, then
`python scripts/freeze_hugging_face_characters.py`. The Rust library takes its characters from crates of several Unicode
versions, so every code point is asked, one by one.

Sets are ranges in hexadecimal ("9-d,20"); mappings are "code=code code" joined by commas; Hangul syllables follow a
formula and are left out. "classes" are canonical combining classes, of which only the order counts.

Where grapheme clusters end is seen by a character map that has a replacement for every first byte: Precompiled then
writes one letter for a cluster of fewer than six bytes, and one for each character of a longer one.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import tokenizers
from hugging_face_charsmap import make_charsmap
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

TARGET = Path(__file__).parent.parent / "tfsiamese" / "encoders" / "tokenizers" / "characters.json"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)
# One old and settled mark of each combining class.
MARKS = {
    **{10 + i: 0x5B0 + i for i in range(10)},
    **dict(zip([20, 21, 22, 23, 24, 25, 26], [0x5BB, 0x5BC, 0x5BD, 0x5BF, 0x5C1, 0x5C2, 0xFB1E], strict=True)),
    **{27 + i: 0x64B + i for i in range(8)},
    **dict(
        zip([35, 36, 84, 91, 103, 107, 118, 122], [0x670, 0x711, 0xC55, 0xC56, 0xE38, 0xE48, 0xEB8, 0xEC8], strict=True)
    ),
    **dict(zip([129, 130, 132, 202, 214, 216, 218], [0xF71, 0xF72, 0xF74, 0x321, 0x1DCE, 0x31B, 0x302A], strict=True)),
    **dict(
        zip([220, 222, 224, 226, 228, 230, 232], [0x316, 0x59A, 0x302E, 0x1D16D, 0x302B, 0x300, 0x315], strict=True)
    ),
    **dict(zip([1, 7, 8, 9, 233, 234, 240], [0x334, 0x93C, 0x3099, 0x94D, 0x35C, 0x35D, 0x345], strict=True)),
}


def changed(normalizer: normalizers.Normalizer) -> dict[int, str]:
    """What the normalizer makes of each character that it does not leave alone."""
    made = ((code, normalizer.normalize_str(chr(code))) for code in CODES)
    return {code: text for code, text in made if text != chr(code)}


def bert(**settings: bool) -> normalizers.Normalizer:
    options = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**options, **settings})


def ranges(codes: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for code in sorted(codes):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return ",".join(f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in spans)


def mapping(changes: dict[int, str]) -> str:
    return ",".join(
        f"{code:x}={' '.join(f'{ord(character):x}' for character in text)}"
        for code, text in changes.items()
        if code not in HANGUL
    )


def combining_classes(decomposed: dict[int, str]) -> dict[int, set[int]]:
    """Finds each character's class by how canonical ordering places it beside marks of known class."""
    order = normalizers.NFD().normalize_str
    lowest, highest = chr(MARKS[1]), chr(MARKS[240])
    classes: dict[int, set[int]] = {}
    for code in CODES:
        mark = chr(code)
        if code in decomposed or not (
            order(mark + lowest) != mark + lowest
            or order(highest + mark) != highest + mark
            or code in (MARKS[1], MARKS[240])
        ):
            continue
        same = [
            number
            for number, other in MARKS.items()
            if order(mark + chr(other)) == mark + chr(other) and order(chr(other) + mark) == chr(other) + mark
        ]
        if len(same) != 1:
            raise ValueError(f"U+{code:04X} has a combining class that MARKS does not know: {same}.")
        classes.setdefault(same[0], set()).add(code)
    return dict(sorted(classes.items()))


def matching(expression: str) -> set[int]:
    """The characters that a regular expression matches."""
    keep = pre_tokenizers.Split(Regex(expression), "removed", invert=True)
    blocks = (CODES[start : start + 4096] for start in range(0, len(CODES), 4096))
    pieces = (piece for block in blocks for piece, _ in keep.pre_tokenize_str("".join(map(chr, block))))
    return {ord(character) for piece in pieces for character in piece}


def spaces() -> set[int]:
    """White space, on which all components agree."""
    split = pre_tokenizers.WhitespaceSplit().pre_tokenize_str
    found = set(changed(normalizers.Strip()))
    if found != matching(r"\s") or found != {code for code in CODES if not split(chr(code))}:
        raise ValueError("Strip, WhitespaceSplit and regular expressions no longer agree on what white space is.")
    return found


def words() -> set[int]:
    """The characters beside which a token that must be a single word is not found."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("q", single_word=True)])
    encodings = tokenizer.encode_batch([f"{chr(code)}q" for code in CODES])
    return {code for code, encoding in zip(CODES, encodings, strict=True) if 1 not in encoding.ids}


def graphemes() -> dict[str, set[int]]:
    """What belongs to the character before or after it, what ZWJ joins, and what stands apart from marks behind it."""
    normalize = normalizers.Precompiled(make_charsmap({bytes([byte]): "y" for byte in range(1, 256)})).normalize_str
    extending = {code for code in CODES if len(normalize("x" + chr(code))) == 1}
    # Joined, all five characters are one cluster that is too long; else the first two are a short one.
    joined = {code for code in CODES if len(normalize(f"©\u200d{chr(code)}\u0301\u0301")) == 5}
    return {
        "extending": extending,
        "pictograph": joined - extending,
        "prepending": {code for code in CODES if len(normalize(chr(code) + "x")) == 1},
        # Two marks are short enough to be one letter; together with another character of two bytes they are not.
        "apart": {code for code in CODES if len(normalize(chr(code) + "\u0301\u0301")) == 2},
    }


def main() -> None:
    stripped, cleaned = changed(bert(strip_accents=True)), changed(bert(clean_text=True))
    canonical, compatible = changed(normalizers.NFD()), changed(normalizers.NFKD())
    composed = changed(normalizers.NFC())
    digits = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str
    bert_split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    facts = {
        "tokenizers": tokenizers.__version__,
        "space": ranges(spaces()),
        "control": ranges(code for code, text in cleaned.items() if not text),
        "chinese": ranges(changed(bert(handle_chinese_chars=True))),
        "punctuation": ranges(code for code in CODES if len(bert_split(chr(code) + "a")) == 2),
        "nonspacing": ranges(code for code, text in stripped.items() if not text),
        "mark": ranges(changed(normalizers.StripAccents())),
        "letter": ranges(matching(r"\p{L}")),
        "number": ranges(matching(r"\p{N}")),
        "numeric": ranges(code for code in CODES if len(digits(f"a{chr(code)}a")) == 3),
        "word": ranges(words()),
        **{name: ranges(codes) for name, codes in graphemes().items()},
        "classes": {number: ranges(codes) for number, codes in combining_classes(canonical).items()},
        "canonical": mapping(canonical),
        "compatible": mapping({code: text for code, text in compatible.items() if canonical.get(code) != text}),
        "not_composed": ranges(code for code in canonical if code in composed),
        "lowercase": mapping(changed(normalizers.Lowercase())),
    }
    TARGET.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
