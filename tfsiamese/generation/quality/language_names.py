"""The languages that can be told apart, and what they are called."""

from tfsiamese.errors import SettingsError
from tfsiamese.suggestions import did_you_mean

__all__ = ["LANGUAGES", "language_name"]

_NAMES = """
af Afrikaans, am Amharic, an Aragonese, ar Arabic, as Assamese, az Azerbaijani, ba Bashkir, be Belarusian, bg Bulgarian,
bn Bengali, br Breton, bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, dz Dzongkha, el Greek,
en English, eo Esperanto, es Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fo Faroese, fr French,
fy Western Frisian, ga Irish, gd Scottish Gaelic, gl Galician, gu Gujarati, ha Hausa, he Hebrew, hi Hindi, hr Croatian,
ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian, ig Igbo, is Icelandic, it Italian, ja Japanese,
jv Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean, ku Kurdish, ky Kyrgyz, la Latin,
lb Luxembourgish, lg Ganda, ln Lingala, lo Lao, lt Lithuanian, lv Latvian, mg Malagasy, mk Macedonian, ml Malayalam,
mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese, nb Norwegian Bokmål, ne Nepali, nl Dutch,
nn Norwegian Nynorsk, no Norwegian, oc Occitan, om Oromo, or Odia, pa Punjabi, pl Polish, ps Pashto, pt Portuguese,
qu Quechua, ro Romanian, ru Russian, rw Kinyarwanda, sa Sanskrit, se Northern Sami, si Sinhala, sk Slovak, sl Slovenian,
sn Shona, so Somali, sq Albanian, sr Serbian, st Southern Sotho, sv Swedish, sw Swahili, ta Tamil, te Telugu, tg Tajik,
th Thai, tk Turkmen, tl Tagalog, tr Turkish, tt Tatar, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese,
vo Volapük, wa Walloon, xh Xhosa, yo Yoruba, zh Chinese, zu Zulu
"""

LANGUAGES: dict[str, str] = {}
for _entry in _NAMES.split(","):
    _code, _name = _entry.strip().split(" ", 1)
    LANGUAGES[_code] = _name


def language_name(code: str) -> str:
    """What a language is called in English.

    Args:
        code: of ISO 639-1, such as "de".

    Raises:
        SettingsError: there is no language of this code here.

    Example:
        >>> language_name("de")
        'German'
    """
    if code in LANGUAGES:
        return LANGUAGES[code]
    by_name = {name.casefold(): known for known, name in LANGUAGES.items()}
    word = str(code).casefold()
    known = by_name.get(word) or (word if word in LANGUAGES else None)
    hint = f" Did you mean {known!r}?" if known else did_you_mean(word, LANGUAGES)
    raise SettingsError(f"Unknown language {code!r}. Expected a code of ISO 639-1, such as 'en', 'de' or 'ja'.{hint}")
