"""One folding of text, for handles, search and order: equal words become equal ASCII."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from anyascii import anyascii

SORT_KEY_LENGTH = 200

# However an apostrophe is typed, it ends a word: d'oeuf and d oeuf are the same two words.
_APOSTROPHES = str.maketrans(dict.fromkeys("'`´‘’‛ʹʻʼʽˈ′＇ꞌ", " "))  # noqa: RUF001  # they are meant
# The Catalan col·lagen is one word, also with the letter ŀ, which NFKC takes apart.
_DOT_BETWEEN_LS = re.compile(r"(?<=l)·(?=l)", re.IGNORECASE)


def fold(text: str) -> str:
    """Folds a text to lower-case words with single spaces between them.

    Latin letters lose their accents, and other scripts are transliterated. ASCII punctuation and
    all symbols stay, so that a search for 100% is not one for 100. Folding twice changes nothing.
    """
    return " ".join(plain_letters(text).split())


def plain_letters(text: str, *, keep: Callable[[str], bool] = str.isascii) -> str:
    """Folds the letters of a text but those to `keep`, which are only made lower-case."""
    letters = _DOT_BETWEEN_LS.sub("", unicodedata.normalize("NFKC", text))
    return "".join(
        character if keep(character) else _folded(character)
        for character in letters.translate(_APOSTROPHES)
    ).lower()


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if unicodedata.combining(character) or category == "Cf":
        return ""
    match category[0]:
        case (
            "L" | "M" | "N"
        ):  # a soft sign or an ayn becomes an apostrophe, which would end the word
            return re.sub(r"[^A-Za-z0-9]", "", anyascii(character))
        case "P":
            return anyascii(character)
        case "Z":
            return " "
    return character


def sort_key(title: str) -> str:
    """Returns the sort key of a title, short enough for an index."""
    return fold(title)[:SORT_KEY_LENGTH]


def search_text(*parts: str) -> str:
    """Returns the text in which the words of a query are looked for."""
    return "\n".join(fold(part) for part in parts)


def search_words(query: str) -> str:
    """Returns the words of a query with single spaces between them; all must be in the text.

    Empty for a blank query only: one without words, such as an apostrophe, is found nowhere.
    """
    return fold(query) or query.strip()
