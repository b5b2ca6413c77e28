"""Reads texts in the first of some locales that has each, and puts them into documents."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Texts = Mapping[str, Mapping[str, str]]


def in_locale(stored: bytes) -> bytes:
    """Returns a document as the database's functions give it, with the texts in the lines after it.

    Each line has those of one locale; a field is in the first that has it, and else stays as it is.
    """
    document, *lines = stored.split(b"\n")
    if not lines:
        return document
    texts = _first(lines)
    # Numbers keep every digit.
    parsed: dict[str, Any] = json.loads(document, parse_float=orjson.Fragment)
    _translate(parsed, texts)
    return orjson.dumps(parsed)


def texts_by_id(lines: bytes | None) -> Texts:
    """Returns a product's texts by id and field, each of the first line that has it."""
    return _first(lines.split(b"\n") if lines else ())


def _first(lines: Sequence[bytes]) -> Texts:
    texts: dict[str, dict[str, str]] = {}
    for line in reversed(lines):
        for id_, own in orjson.loads(line).items():
            texts.setdefault(id_, {}).update(own)
    return texts


def texts_in(lines: bytes | None) -> Mapping[str, str]:
    """Returns texts by field, each of the first line that has it; a line has those of a locale."""
    found: dict[str, str] = {}
    for line in reversed(lines.split(b"\n") if lines else ()):
        found.update(orjson.loads(line))
    return found


def _translate(part: dict[str, Any], texts: Texts) -> None:
    if own := texts.get(part.get("id", "")):
        part.update({field: text for field, text in own.items() if field in part})
    for key, inner in part.items():
        if isinstance(inner, dict):
            if key != "metadata":  # whose keys mean what their editors want
                _translate(inner, texts)
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, dict):
                    _translate(item, texts)
