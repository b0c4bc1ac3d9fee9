import random

import pytest

from tfsiamese.generation.chunks import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


# Each sentence of a row is marked off by "|", which is no part of the text.
@pytest.mark.parametrize(
    "marked",
    [
        "Hello there. |My name is Jonas.",
        "What is it? |A dog! |Really?! |Yes.",
        "I met Dr. Smith and Mrs. Lee at 5 p.m. yesterday. |It rained until 6 p.m. |The sun came out.",
        "J. R. R. Tolkien wrote it. |George W. Bush did not.",
        "See e.g. Smith et al. (2019), No. 5, Fig. 3 and pp. 12-15, i.e. all. |No. |It is not.",
        "Version 2.0.1 is at example.com. |Pi is 3.14. |It costs $3.50.",
        "The U.S. Army is in the U.S. |They stay. |Acme Inc. Headquarters moved. |I work at Acme Inc. |It is big.",
        "So am I. |You too. |Vitamin C. |The best one.",
        'She said, "This is great." and left. |"Why?" he asked. |He said "Stop." |Nobody did.',
        "He teaches science (He worked for 5 years. It was hard.) at the University. |(This is new. It is.) |Good.",
        "I think... maybe not. |Well... |Perhaps. |And so on . . . he said.",
        "A fact.[1] |Another one.² |The end.",
        "1. Open the box. |2. Close it. |IV. Introduction. |A. The basics.",
        "Call os.path.join() first. |os.path is a module. |See .NET too. |iPhone sales rose.",
        "An item [...] of a list (!) goes on.",
        "Wir treffen uns am 3. Oktober in Berlin. |Das ist z. B. ein Feiertag. |Der 2. Weltkrieg endete 1945. |Gut.",
        "Am 12. 3. 2020 kamen Hunde, Katzen usw. dazu. |Das kostet ca. 5 Mio. Euro. |Vgl. Abb. 3 auf S. 12. |Ja.",
        "Er fragte: „Kommst du? Ich warte.“ |Sie sagte: »Ja.« |Dann ging er.",
        "M. Dupont habite à Paris, cf. p. 5. |Vraiment ? |Oui ! |« Je viens. Attends ! » dit-il. |Mme. Martin aussi.",
        "El Sr. García vive en EE. UU. desde 2010. |¿Qué hora es? |¡Vamos! |Son las 5, p. ej. ahora.",
        "Il Sig. Rossi abita in via Po, n. 5. |Il Dott. Bianchi, cfr. pag. 7, ecc. |Ciao!",
        "O Dr. Silva chegou às 5. |A Sra. Costa, p. ex. hoje, não. |Verdade?",
        "Dhr. Jansen koopt fruit, bijv. appels, enz. |De rest niet. |D.w.z. niets.",
        "И т. д. и т. п. |Он приехал в 2020 г. в Москву. |А. С. Пушкин, т. е. поэт. |— Да! — сказал он. |Всё.",
        "Τι κάνεις; |Είμαι καλά, π.χ. σήμερα. |Ναι.",
        "هل أنت بخير؟ |نعم. |قال د. أحمد ذلك. |شكراً.",
        "کیا حال ہے؟ |میں ٹھیک ہوں۔ |شکریہ۔",
        "मैं घर जाता हूँ। |डॉ. शर्मा यहाँ हैं। |क्या? |हाँ।",
        "ሰላም ነው። |እንዴት ነህ? |ደህና።",
        "ជំរាបសួរ។ |ខ្ញុំសុខសប្បាយ។",
        "저는 학생입니다. |어디 가세요? |집에 가요!",
        "今日は晴れです。|本当ですか？|はい！|３．１４と3.5です。",
        "「行く。」と言った。|「何？」|「何でもない。誰も来ない。」|彼は帰った。",
        "え？と思った。|すごい!|本当に?|はい。",
        "今天很好！|真的吗？！|“我来了。你呢？”|他说。|（注：是的。）|好。",
    ],
)
def test_sentences_end_where_a_reader_ends_them(marked: str):
    parts = marked.split("|")
    assert sentences("".join(parts)) == [part.strip() for part in parts]


def test_a_line_break_is_white_space_and_an_empty_line_ends_a_sentence():
    text = "This sentence\ngoes on. And\r\nthis too\n \nA title\r\n\r\n  Text\n"
    assert sentences(text) == ["This sentence\ngoes on.", "And\r\nthis too", "A title", "Text"]


def test_a_script_without_terminators_stays_whole_within_a_paragraph():
    assert sentences("สวัสดีครับ วันนี้อากาศดี\n\nผมไปตลาด") == ["สวัสดีครับ วันนี้อากาศดี", "ผมไปตลาด"]


def test_a_bracket_that_is_never_closed_and_a_quotation_that_is_too_long_protect_nothing():
    assert len(sentences("An open (bracket. It has no end. There.")) == 3
    assert len(sentences("“" + "She went on. " * 30 + "”")) >= 30


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\r\n"])
def test_a_text_without_characters_has_no_sentences(text: str):
    assert split_sentences(text) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [(".", 1), ("...", 1), ("。。。", 1), ("? ! .", 1), ("\ud83d. A", 2), ("།  །", 1), ("॥ १ ॥ राम आए ॥ २ ॥", 2)],
)
def test_marks_alone_and_broken_characters_are_no_trouble(text: str, count: int):
    assert len(split_sentences(text)) == count


def test_spans_are_ordered_and_hold_all_but_white_space():
    random.seed(7)
    alphabet = "aA1.!?…。！）「」()[]“”\"' \n\u3000é\u0e33ก\u0301,;।I"
    for _ in range(1000):
        text = "".join(random.choices(alphabet, k=random.randint(0, 40)))
        covered: list[int] = []
        for start, end in split_sentences(text):
            assert start < end and not text[start].isspace() and not text[end - 1].isspace()
            covered.extend(range(start, end))
        assert covered == sorted(set(covered))
        assert all(text[place].isspace() for place in set(range(len(text))) - set(covered))


@pytest.mark.parametrize("piece", ["A. ", "1. ", ". ", "((", "。”", "a\u0301", "z. B. ", "\n \t", "». "])
def test_hostile_texts_come_back_whole(piece: str):
    text = piece * 20_000
    spans = split_sentences(text)
    assert sum(end - start for start, end in spans) >= len("".join(text.split())) > 0 or not text.strip()
