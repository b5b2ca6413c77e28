"""Reading JSON bodies: exactly, and only what means one thing to everybody.

How long a body may be is the guard's affair; by here it fits into memory.
"""

import json
import re
from collections.abc import Callable, Coroutine
from decimal import Decimal, DecimalException
from email.message import Message
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gateway.errors import Refused, problem_of_status
from services.kernel.errors import InvalidArgument

MOST_LEVELS = 32

# Possessive, and one that nothing closes ends with the body: no letter is looked at twice.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"[]{}", b"()()")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


async def json_body(request: Request) -> object:
    """Reads a request's body; an empty one is {}, since clients send none where none is needed.

    Raises:
        Refused: 415, something other than JSON; 413 from the guard, too much of it.
        InvalidArgument: BODY_INVALID, see `parse`.
    """
    raw = (await request.body()).strip()
    if not raw:
        return {}
    if not _is_json(request.headers.get("content-type", "")):
        raise Refused(problem_of_status(415))
    return parse(raw)


def parse(raw: bytes) -> object:
    """Parses JSON; numbers with a fraction become Decimal, whole ones int, none loses a digit.

    Raises:
        InvalidArgument: BODY_INVALID for what is not JSON in UTF-8, NaN and the infinities, more
            than MOST_LEVELS levels, a key that stands twice in one object, and text that no
            database can hold (null characters, half surrogates).
    """
    if _is_deep(raw):
        _refuse(f"is nested more than {MOST_LEVELS} levels deep, or its brackets do not match")
    try:
        body: object = json.loads(
            raw.decode(),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        _refuse("is not UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"is not valid JSON: {error.msg} at character {error.pos}")
    # A whole number of more than 4,300 digits; an exponent that Decimal does not know.
    except (ValueError, DecimalException):
        _refuse("contains a number that is too large")
    # Only an escape can spell what UTF-8 and JSON themselves refuse.
    if rb"\u" in raw:
        _refuse_unstorable(body)
    return body


class ExactRoute(APIRoute):
    """A route whose body is read by `json_body`; FastAPI then validates what came of it.

    FastAPI's own reading takes the last of two equal keys, rounds numbers, and makes a 400 without
    a reason of whatever else goes wrong while it reads.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def read_exactly(request: Request) -> Response:
            return await answer(_Read(request, await json_body(request)))

        return read_exactly if self.body_field else answer


class _Read(Request):
    """A request whose body is known already: never empty, always JSON."""

    def __init__(self, request: Request, parsed: object) -> None:
        others = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        headers = [*others, (b"content-type", b"application/json")]
        super().__init__({**request.scope, "headers": headers}, request.receive)
        self._parsed = parsed

    async def body(self) -> bytes:
        return b"{}"

    async def json(self) -> object:
        return self._parsed


def _is_json(content_type: str) -> bool:
    header = Message()
    header["content-type"] = content_type
    kind, charset = header.get_content_type(), header.get_param("charset", "utf-8")
    is_json = kind == "application/json" or re.fullmatch(r"application/[\w.-]+\+json", kind)
    return bool(is_json) and str(charset).lower() in ("utf-8", "utf8")


def _is_deep(raw: bytes) -> bool:
    # Before parsing, because a parser that recurses is what depth harms. What is not a bracket is
    # taken away, and then the innermost pairs, level by level; the time is linear in the length.
    if raw.count(b"[") + raw.count(b"{") <= MOST_LEVELS:
        return False
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKET).translate(_ONE_KIND)
    for _ in range(MOST_LEVELS):
        brackets = brackets.replace(b"()", b"")
    return bool(brackets)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse("has an object with the same key twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    _refuse(f"contains {name}, which is not a JSON number")


def _refuse_unstorable(value: object) -> None:
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
                _refuse("contains a null character or an unpaired surrogate")
        case dict():
            for key, held in value.items():
                _refuse_unstorable(key)
                _refuse_unstorable(held)
        case list():
            for held in value:
                _refuse_unstorable(held)


def _refuse(text: str) -> NoReturn:
    raise InvalidArgument("BODY_INVALID", f"The request body {text}.", {"body": text})
