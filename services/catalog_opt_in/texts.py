"""Checks of text from users."""

import unicodedata
from datetime import UTC, datetime

_LINE_BREAKS = frozenset("\n\r\t")


def problem(text: str, *, least: int = 0, most: int, lines: bool = False) -> str | None:
    """Returns what is wrong with a text, or None. `lines` allows line breaks and tabs."""
    if len(text) > most:
        return f"must have at most {most} characters"
    if len(text.strip()) < least:
        return "must not be empty"
    allowed = _LINE_BREAKS if lines else frozenset()
    if any(unicodedata.category(c) == "Cc" and c not in allowed for c in text):
        return "must not contain control characters"
    return None


def url_problem(url: str) -> str | None:
    """Returns what is wrong with an image URL, or None."""
    if len(url) > 2000 or any(c.isspace() or not c.isprintable() for c in url):
        return "must have at most 2000 characters and no spaces"
    rooted = url.startswith("/") and not url.startswith("//")
    absolute = url.startswith("https://") and url[8:9] not in ("", "/", "?", "#")
    return None if rooted or absolute else "must be an https URL or a path that starts with /"


def query_problem(query: str) -> str | None:
    """Returns what is wrong with a search query, or None; the contract limits its length."""
    return problem(query, most=len(query))


def timestamp(at: datetime) -> str:
    """Formats a time like JavaScript: UTC, milliseconds, Z."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
