"""Languages: detected, named, and checked."""

import csv

import pytest

from tests.generation.quality.pair_making import PARAPHRASES, PASSAGES, QA, make_pair
from tfsiamese.errors import SettingsError
from tfsiamese.generation.quality import LANGUAGES, detect_language, language_name
from tfsiamese.generation.quality.language import plain_words
from tfsiamese.generation.quality.language_check import language_check
from tfsiamese.generation.quality.reasons import WRONG_LANGUAGE
from tfsiamese.generation.quality.scripts import letters_by_script

QUESTIONS = {
    "en": "What is the maximum number of requests per second?",
    "de": "Wie viele Anfragen pro Sekunde sind höchstens erlaubt?",
    "fr": "Combien de requêtes par seconde sont autorisées au maximum ?",
    "es": "¿Cuántas solicitudes por segundo se permiten como máximo?",
    "it": "Quante richieste al secondo sono consentite al massimo?",
    "nl": "Hoeveel verzoeken per seconde zijn maximaal toegestaan?",
    "pl": "Ile żądań na sekundę jest maksymalnie dozwolonych?",
    "ru": "Сколько запросов в секунду разрешено максимально?",
    "el": "Πόσα αιτήματα ανά δευτερόλεπτο επιτρέπονται το πολύ;",
    "zh": "每秒最多允许多少个请求？",
    "ja": "1秒あたり最大いくつのリクエストが許可されますか？",
    "ko": "초당 최대 몇 개의 요청이 허용됩니까?",
    "ar": "ما هو الحد الأقصى لعدد الطلبات في الثانية؟",
    "hi": "प्रति सेकंड अधिकतम कितने अनुरोधों की अनुमति है?",
    "th": "อนุญาตคำขอสูงสุดกี่รายการต่อวินาที",
    "he": "כמה בקשות לשנייה מותרות לכל היותר?",
}
GERMAN = (
    "Das Gateway schließt ungenutzte Verbindungen nach neunzig Sekunden, und ein Client muss dann eine neue öffnen. "
    "Wer mehr als tausend Anfragen in der Sekunde schickt, bekommt eine Fehlermeldung."
)
JAPANESE = "ゲートウェイは九十秒後に未使用の接続を閉じます。クライアントは新しい接続を開く必要があります。"


def wrong_language(text, language):
    """What is said of a query, None where it may be in this language."""
    found = language_check(language)(make_pair(text), PASSAGES)
    return found and found.detail.removeprefix("query in ")


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_is_in_its_own_language_and_in_no_other(language):
    assert wrong_language(QUESTIONS[language], language) is None
    others = {other for other in QUESTIONS if other != language}
    assert {other for other in others if wrong_language(QUESTIONS[language], other)} == others


@pytest.mark.parametrize("language", ["de", "fr", "ru", "ja", "ko", "hi", "th", "el"])
def test_a_language_is_detected(language):
    code, probability = detect_language(QUESTIONS[language])
    assert code == language
    assert 0.5 < probability <= 1


def test_what_is_wrong_is_said():
    assert wrong_language(QUESTIONS["de"], "en") == "German instead of English"
    assert wrong_language(QUESTIONS["ru"], "en") == "Cyrillic script instead of English"
    assert wrong_language(QUESTIONS["ja"], "zh") == "Japanese instead of Chinese"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kan jeg installere pakken på en gammel maskine uden internet?", "no"),  # Danish
        ("Koliko je zahtjeva u sekundi najviše dopušteno na poslužitelju?", "sr"),  # Croatian
        ("Berapa jumlah permintaan maksimum setiap detik pada pelayan?", "ms"),  # Indonesian
        ("Cantas solicitudes por segundo se permiten como máximo no servidor?", "pt"),  # Galician
    ],
)
def test_close_languages_are_not_told_apart(text, language):
    assert wrong_language(text, language) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("tf.data.Dataset.from_tensor_slices", "de"),
        ("numpy array shape", "ja"),
        ("TensorFlow Serving REST API", "ru"),
        ("Windows Server Update Services", "zh"),
        ("HTTP 404", "ar"),
        ("`for row in rows: print(row)` https://example.org/what/is/this", "fr"),
        ("What does 東京 mean?", "en"),
        ("個人情報保護法施行令第二条", "ja"),
        ("全国高等学校野球選手権大会歴代優勝校一覧表", "ja"),
        ("", "en"),
        ("ि" * 60, "hi"),  # marks without letters
        ("\ud800" * 60, "en"),
    ],
)
def test_names_code_and_short_texts_prove_nothing(text, language):
    assert wrong_language(text, language) is None


def test_code_addresses_and_acronyms_are_no_words():
    text = "Why does `open(path)` of os.path/io fail at https://a.org/b with HTTP (errno 2) in getElementById?"
    assert plain_words(text) == "Why does of fail at with (errno in"


def test_only_text_without_words_has_no_language():
    assert detect_language("12:30 + x_1 `is`") == ("", 0.0)


def test_letters_are_counted_by_script():
    assert letters_by_script("a1中カβя! ") == {"Latin": 1, "Han": 1, "Kana": 1, "Greek": 1, "Cyrillic": 1}


def test_a_left_text_is_held_against_the_language_of_its_chunk():
    check = language_check(None)
    assert check(make_pair(QUESTIONS["en"], passage=GERMAN), PASSAGES) == (
        WRONG_LANGUAGE,
        "query in English instead of German",
    )
    assert check(make_pair(QUESTIONS["de"], passage=GERMAN), PASSAGES) is None
    assert (
        check(make_pair(QUESTIONS["en"], passage=JAPANESE), PASSAGES).detail == "query in English instead of Japanese"
    )
    assert check(make_pair(QUESTIONS["zh"], passage=JAPANESE), PASSAGES).reason == WRONG_LANGUAGE
    assert check(make_pair(QUESTIONS["ja"], passage=JAPANESE), PASSAGES) is None


def test_a_passage_of_code_sets_no_language():
    code = "import os\nfor name in os.listdir(path):\n    print(name.upper(), len(name), sep='\\t')  # done"
    assert language_check(None)(make_pair(QUESTIONS["de"], passage=code), PASSAGES) is None


def test_the_language_asked_for_counts_more_than_the_passages():
    check = language_check("en")
    assert check(make_pair(QUESTIONS["en"], passage=GERMAN), PASSAGES) is None
    assert check(make_pair(QUESTIONS["de"], passage=GERMAN), PASSAGES).reason == WRONG_LANGUAGE


def test_answers_and_second_sentences_are_checked_and_passages_are_not():
    pair = make_pair(QUESTIONS["en"], QUESTIONS["fr"])
    check = language_check("en")
    assert check(pair, QA).detail == "answer in French instead of English"
    assert check(pair, PARAPHRASES).detail == "sentence2 in French instead of English"
    assert check(pair, PASSAGES) is None


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_hardly_any_real_sentence_is_taken_for_another_language(data_folder, language):
    with (data_folder / "stsb" / f"stsb-{language}-dev.csv").open(encoding="utf-8", newline="") as file:
        sentences = [sentence for row in csv.reader(file) for sentence in row[:2]]
    assert len(sentences) == 3000
    wrong = [sentence for sentence in sentences if wrong_language(sentence, language)]
    assert len(wrong) <= 5, wrong


def test_languages_have_english_names():
    assert language_name("de") == "German"
    assert language_name("nb") == "Norwegian Bokmål"
    assert len(LANGUAGES) >= 97


@pytest.mark.parametrize(("code", "hint"), [("german", "'de'"), ("DE", "'de'"), ("dee", "'de'")])
def test_an_unknown_language_is_refused_with_the_code_that_was_meant(code, hint):
    with pytest.raises(SettingsError, match=f"Unknown language {code!r}.*Did you mean {hint}"):
        language_name(code)
    with pytest.raises(SettingsError):
        language_check(code)
