"""Checks of text from users, besides its length, which the contract limits."""

import re
import unicodedata

_LINE_BREAKS = frozenset("\n\r\t")
_UPLOAD = re.compile(r"/uploads/file_[0-9A-Z]{26}")


def problem(text: str, *, required: bool = False, lines: bool = False) -> str | None:
    """Returns what is wrong with a text, or None. `lines` allows line breaks and tabs."""
    if required and not text.strip():
        return "must not be empty"
    allowed = _LINE_BREAKS if lines else frozenset()
    if any(unicodedata.category(c) == "Cc" and c not in allowed for c in text):
        return "must not contain control characters"
    return None


def url_problem(url: str) -> str | None:
    """Returns what is wrong with an image URL, or None; a path is one of an uploaded picture."""
    if any(c.isspace() or not c.isprintable() for c in url):
        return "must not contain spaces"
    absolute = url.startswith("https://") and url[8:9] not in ("", "/", "?", "#")
    if absolute or _UPLOAD.fullmatch(url):
        return None
    return "must be an https URL, or the url of an upload, such as /uploads/file_01…"
