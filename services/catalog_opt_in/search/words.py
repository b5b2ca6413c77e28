"""Words as they are searched for: without case, accents, articles and what one key typed wrong."""

# ruff: noqa: RUF001, RUF003  # letters that look like others are meant

import re

from services.catalog_opt_in.folding import plain_letters

LENGTH = 40
SHORTEST_CORRECTED = 4

_WORD = re.compile(r"[^\W_]+")
# Forms of one letter that are typed for each other; ة is a ه whose dots many leave out.
_ARABIC = str.maketrans("أإآٱىئؤةکی", "اااايءءهكي")
# Without the stroke that only lengthens a word.
_ARABIC_LETTERS = re.compile(r"[\u0621-\u063f\u0641-\u064a\u066e-\u06d3]")
# What is written onto a noun: the article, also after "and", "with", "as", "then" and "to".
_ARTICLE = re.compile(r"^(?:[وبكف]?ال|لل)(?=\w{3})")
_ENDINGS = re.compile(
    r"(?<=\w{4})(?:ings?|ed)$|(?<=\w{3})(?:ees?|es|x|e|(?<!s)s)$|(?<=\w{3})(?:ات|ون|ين|ان|يه|ها|ه|ي)$"
)


def words(text: str) -> list[str]:
    """Splits a text into its words, in order.

    Arabic stays Arabic; other scripts become Latin, as in handles.
    """
    letters = plain_letters(text, keep=_is_arabic).translate(_ARABIC)
    return [_ARTICLE.sub("", word)[:LENGTH] for word in _WORD.findall(letters)]


def stem(word: str) -> str:
    """Returns what a word has in common with its other forms: French, English or Arabic ones."""
    return _ENDINGS.sub("", word)


def spellings(word: str) -> set[str]:
    """Returns the word, and what is left of it without one letter.

    Two words have one of these in common if one is typed for the other by a single slip.
    """
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def is_corrected(word: str) -> bool:
    """Tells whether a slip in it can be told from another word: not in short words and codes."""
    return len(word) >= SHORTEST_CORRECTED and word.isalpha()


def is_one_slip(typed: str, meant: str) -> bool:
    """Tells whether a letter is missing, added, wrong, or two neighbours have changed places."""
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    typed, meant = typed[start:], meant[start:]
    while typed and meant and typed[-1] == meant[-1]:
        typed, meant = typed[:-1], meant[:-1]
    if len(typed) == len(meant) == 2:
        return typed == meant[::-1]
    return max(len(typed), len(meant)) == 1


def _is_arabic(character: str) -> bool:
    return _ARABIC_LETTERS.match(character) is not None
