"""What an act changed: the parts of a resource that differ, as JSON, within bounds.

A field is recorded whole if it is short. Of a longer one, only the parts that differ are recorded:
the fields of an object and the elements of a list, as deep as needed. A part that is long itself is
cut to where it begins to differ, and recorded with the SHA-256 of the whole.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.kernel.call import sensitivity

# They change with every act and add nothing to what the event already says.
_BOOKKEEPING = frozenset({"etag", "create_time", "update_time"})
_ABSENT = object()
_IDENTIFIERS = ("name", "id")
_PLAIN_KEY = re.compile(r"\w{1,50}", re.ASCII)

LONGEST_VALUE = 4096  # in characters, like the following
_BEFORE_THE_DIFFERENCE = 100
_SHORTEST_VALUE = 40
_LONGEST_PATH = 200
# The audit service takes 1,000 changes and 1,000,000 bytes. In this many parts with that many bytes
# of values, even the longest paths and characters of four bytes stay below.
_MOST_PARTS = 500
_MOST_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a resource whose two sides differ; either may be absent."""

    path: str
    before: object
    after: object
    personal: bool

    def texts(self) -> tuple[str, str]:
        return _json(self.before), _json(self.after)

    def at(self, path: str, before: object, after: object) -> "_Part":
        return _Part(path, before, after, self.personal)


def changes(before: Message | None, after: Message | None) -> list[dict[str, Any]]:
    """Compares two states of a resource; never includes a secret.

    Each change has `field`, a path such as variants[3].prices; `before` and `after` as JSON, empty
    if absent; and `personal`, whether it is, or contains, personal data. A list's elements are
    named by their place afterwards, or before if they are gone. If a side is cut, `before_sha256`
    or `after_sha256` is the SHA-256 of its whole JSON text.
    """
    old, new = _fields(before), _fields(after)
    kind = after if after is not None else before
    personal = sensitivity.personal_fields(kind) if kind is not None else frozenset()
    differing = [
        _Part(field, old.get(field, _ABSENT), new.get(field, _ABSENT), field in personal)
        for field in sorted(old.keys() | new.keys())
        if field not in _BOOKKEEPING and _differ(old.get(field, _ABSENT), new.get(field, _ABSENT))
    ]
    return _render(_divide(differing))


def _fields(message: Message | None) -> dict[str, Any]:
    if message is None:
        return {}
    return MessageToDict(sensitivity.without_secrets(message), preserving_proto_field_name=True)


def _divide(differing: Sequence[_Part]) -> list[_Part]:
    """Divides the parts that are too long to be recorded whole, in their order."""
    undivided, divided = deque(differing), list[_Part]()
    while undivided:
        part = undivided.popleft()
        smaller_parts = [] if max(map(len, part.texts())) <= LONGEST_VALUE else _divide_once(part)
        fits = len(divided) + len(undivided) + len(smaller_parts) <= _MOST_PARTS
        if (
            smaller_parts
            and fits
            and all(len(smaller.path) <= _LONGEST_PATH for smaller in smaller_parts)
        ):
            undivided.extendleft(reversed(smaller_parts))
        else:
            divided.append(part)
    return divided


def _divide_once(part: _Part) -> list[_Part]:
    """Returns the differing fields or elements of a part; none if it has no such."""
    sides = [side for side in (part.before, part.after) if side is not _ABSENT]
    if all(isinstance(side, Mapping) for side in sides):
        return _differing_fields(part, *(_or_empty(side, {}) for side in (part.before, part.after)))
    if all(isinstance(side, list) for side in sides):
        return _differing_elements(
            part, *(_or_empty(side, []) for side in (part.before, part.after))
        )
    return []


def _or_empty(side: Any, empty: Any) -> Any:  # noqa: ANN401 - JSON
    return empty if side is _ABSENT else side


def _differing_fields(part: _Part, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[_Part]:
    return [
        part.at(_key(part.path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
        for key in sorted(old.keys() | new.keys())
        if _differ(old.get(key, _ABSENT), new.get(key, _ABSENT))
    ]


def _key(path: str, key: str) -> str:
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{json.dumps(key)}]"


def _differing_elements(part: _Part, old: list[Any], new: list[Any]) -> list[_Part]:
    before, after = _by_identifier(old), _by_identifier(new)
    if before is None or after is None or not _have_same_order(before, after):
        return _by_place(part, old, new)
    present = [
        part.at(f"{part.path}[{place}]", before[key][1] if key in before else _ABSENT, element)
        for key, (place, element) in after.items()
        if key not in before or _differ(before[key][1], element)
    ]
    removed = [
        part.at(f"{part.path}[{place}]", element, _ABSENT)
        for key, (place, element) in before.items()
        if key not in after
    ]
    return present + removed


def _have_same_order(before: Iterable[str], after: Collection[str]) -> bool:
    known = set(before)
    return [key for key in before if key in after] == [key for key in after if key in known]


def _by_identifier(elements: list[Any]) -> dict[str, tuple[int, Any]] | None:
    """Returns places and elements by identifier; None if not each has one of its own."""
    for name in _IDENTIFIERS:
        by_identifier = {
            element[name]: (place, element)
            for place, element in enumerate(elements)
            if isinstance(element, Mapping) and isinstance(element.get(name), str)
        }
        if len(by_identifier) == len(elements):
            return by_identifier
    return None


def _by_place(part: _Part, old: list[Any], new: list[Any]) -> list[_Part]:
    """Compares what is left between the same beginning and the same end of two lists."""
    start = _common_length(old, new)
    end = _common_length(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    pairs = enumerate(zip_longest(before, after, fillvalue=_ABSENT), start)
    return [part.at(f"{part.path}[{place}]", *sides) for place, sides in pairs if _differ(*sides)]


def _common_length(old: list[Any], new: list[Any]) -> int:
    """Returns how many elements two lists have in common at their beginning."""
    pairs = zip(old, new, strict=False)
    return next(
        (index for index, sides in enumerate(pairs) if _differ(*sides)), min(len(old), len(new))
    )


def _differ(before: object, after: object) -> bool:
    """Compares by JSON, in which true is not 1."""
    return before is not after and _json(before) != _json(after)


def _render(parts: Sequence[_Part]) -> list[dict[str, Any]]:
    bytes_left, rendered = _MOST_BYTES, list[dict[str, Any]]()
    for part in parts:
        change = _change(part, LONGEST_VALUE if bytes_left > 0 else _SHORTEST_VALUE)
        bytes_left -= len(change["before"].encode()) + len(change["after"].encode())
        rendered.append(change)
    return rendered


def _change(part: _Part, longest: int) -> dict[str, Any]:
    before, after = part.texts()
    pairs = enumerate(zip(before, after, strict=False))
    difference = next(
        (index for index, (side_before, side_after) in pairs if side_before != side_after),
        min(len(before), len(after)),
    )
    start = max(0, difference - min(_BEFORE_THE_DIFFERENCE, longest // 2))
    change = {"field": part.path, "personal": part.personal}
    for side, text in (("before", before), ("after", after)):
        change[side] = text
        if len(text) > longest:
            change[side] = _cut(text, start, longest)
            change[f"{side}_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return change


def _cut(text: str, start: int, longest: int) -> str:
    """Takes the characters from `start` on; ellipses stand for what is left out."""
    end = start + longest
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _json(side: object) -> str:
    return "" if side is _ABSENT else json.dumps(side, ensure_ascii=False, sort_keys=True)
