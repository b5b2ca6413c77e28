"""Keyset pagination, with page tokens that are valid only for the request they came from.

A token is not a secret: row-level security protects the rows. It holds the last key and a digest of
the tenant and all other arguments, so a token of another tenant or request is refused.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Select, SQLColumnExpression, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.kernel.call.errors import InvalidArgument, invalid
from services.kernel.call.limits import LONGEST_TOKEN, MOST_ROWS, MOST_SKIPPED
from services.kernel.call.scope import current_scope

DEFAULT_SIZE = 50

KeyPart = str | int | datetime
Columns = tuple[InstrumentedAttribute[Any], ...]
"""Sort columns; the last one is unique."""
Row = TypeVar("Row")
Order = TypeVar("Order")

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{16,{LONGEST_TOKEN}}}")
_DIGEST_BYTES = 12
# Where a page starts and how long it is do not make it another request.
_PAGING_FIELDS = ("page_size", "page_token")


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows to read: `limit` is one more than are shown, to see whether more follow.

    `after` is the key of the previous page's last row, None on the first page. `skip` is 0 if there
    is a token: its page already starts after the skipped rows.
    """

    size: int
    skip: int
    after: tuple[KeyPart, ...] | None
    descending: bool
    digest: bytes

    @property
    def limit(self) -> int:
        return self.size + 1

    def of(self, statement: Select[Any], *columns: SQLColumnExpression[Any]) -> Select[Any]:
        """Narrows a statement to this page, ordered by `columns`, which form the key.

        All columns have the same direction, so that one index serves both.
        """
        if self.after is not None:
            key = tuple_(*columns)
            statement = statement.where(key < self.after if self.descending else key > self.after)
        order = [column.desc() if self.descending else column.asc() for column in columns]
        return statement.order_by(*order).limit(self.limit).offset(self.skip or None)

    def cut(
        self, rows: Sequence[Row], *, key: Callable[[Row], tuple[KeyPart, ...]]
    ) -> tuple[Sequence[Row], str]:
        """Cuts off the extra row, and returns the shown rows and the next page token.

        The token is empty when no row follows.
        """
        if len(rows) <= self.size:
            return rows, ""
        page_rows = rows[: self.size]
        return page_rows, _token(self.digest, key(page_rows[-1]))


def read(request: Message, *, key: Mapping[str, type[KeyPart]], descending: bool = False) -> Page:
    """Reads page_size, page_token and skip of a List request.

    `key` names the columns that order the rows, with their types; together they are unique.

    Raises:
        InvalidArgument: PAGE_SIZE_INVALID, SKIP_INVALID, or PAGE_TOKEN_INVALID for a token of
            another tenant, other arguments or another order, or a made-up one.
    """
    token: str = getattr(request, "page_token", "")
    digest = _digest(request, key, descending)
    return Page(
        size=_size(request),
        skip=_skip(request) if not token else 0,
        after=_after(token, digest, tuple(key.values())) if token else None,
        descending=descending,
        digest=digest,
    )


async def read_page(
    session: AsyncSession,
    request: Any,  # noqa: ANN401  # each List request is a class of its own
    statement: Select[Any],
    orders: Mapping[str, Columns],
    *,
    default: str = "",
    most_counted: int | None = None,
) -> tuple[Sequence[Any], str, int]:
    """Reads one page: its rows, the next page token, and the total number of rows.

    `default` is the order of a request that has none; else it is the first of `orders`. No more
    than `most_counted` rows are counted.

    Raises:
        InvalidArgument: as read and order_by.
    """
    default = default or next(iter(orders))
    columns, descending = order_by(request.order_by, orders, default=default)
    key = {column.key: column.type.python_type for column in columns}
    page = read(request, key=key, descending=descending)
    rows = (await session.scalars(page.of(statement, *columns))).all()
    counted = statement.limit(most_counted).subquery()
    total = await session.scalar(select(func.count()).select_from(counted))
    page_rows, token = page.cut(
        rows, key=lambda row: tuple(getattr(row, column.key) for column in columns)
    )
    return page_rows, token, total or 0


def window(request: Message) -> tuple[int, int]:
    """Reads page_size and skip of a List request that has no tokens.

    Raises:
        InvalidArgument: PAGE_SIZE_INVALID or SKIP_INVALID.
    """
    return _size(request), _skip(request)


def order_by(text: str, allowed: Mapping[str, Order], *, default: str) -> tuple[Order, bool]:
    """Reads an order_by such as title or -created_at; returns the order, and if it descends.

    Raises:
        InvalidArgument: ORDER_INVALID, with what is allowed.
    """
    requested = text or default
    name = requested.removeprefix("-")
    if name not in allowed:
        names = ", ".join(sorted(allowed))
        raise InvalidArgument(
            "ORDER_INVALID",
            f"Invalid order_by: use one of {names}, or one of them after a -.",
            {"order_by": f"must be one of {names}, or one of them after a -"},
        )
    return allowed[name], requested.startswith("-")


def _size(request: Message) -> int:
    size: int = getattr(request, "page_size", 0)
    if size < 0:
        raise InvalidArgument(
            "PAGE_SIZE_INVALID",
            "page_size must not be negative.",
            {"page_size": "must not be negative"},
        )
    # As AIP-158 has it: a size beyond the maximum is lowered, not refused.
    return min(size or DEFAULT_SIZE, MOST_ROWS)


def _skip(request: Message) -> int:
    skip: int = getattr(request, "skip", 0)
    if not 0 <= skip <= MOST_SKIPPED:
        text = f"must be from 0 to {MOST_SKIPPED}"
        raise invalid("SKIP_INVALID", {"skip": text})
    return skip


def _digest(request: Message, key: Mapping[str, type[KeyPart]], descending: bool) -> bytes:
    arguments = type(request)()
    arguments.CopyFrom(request)
    for field in _PAGING_FIELDS:
        if field in arguments.DESCRIPTOR.fields_by_name:
            arguments.ClearField(field)
    tenant = current_scope().tenant or ""
    order = ",".join(key) + ("-" if descending else "+")
    head = json.dumps([tenant, arguments.DESCRIPTOR.full_name, order]).encode()
    body = arguments.SerializeToString(deterministic=True)
    return hashlib.sha256(head + b"\n" + body).digest()[:_DIGEST_BYTES]


def _token(digest: bytes, key: tuple[KeyPart, ...]) -> str:
    parts = [
        part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in key
    ]
    encoded = digest + json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()


def _after(token: str, digest: bytes, types: tuple[type[KeyPart], ...]) -> tuple[KeyPart, ...]:
    try:
        if _TOKEN.fullmatch(token) is None:
            raise ValueError("not a token")
        encoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        parts = json.loads(encoded[_DIGEST_BYTES:].decode())
        if encoded[:_DIGEST_BYTES] != digest or not isinstance(parts, list):
            raise ValueError("a token of another request")
        return tuple(_key_part(part, kind) for part, kind in zip(parts, types, strict=True))
    # RecursionError: deep JSON; OverflowError: a time that does not exist in UTC.
    except (ValueError, RecursionError, OverflowError):
        raise InvalidArgument(
            "PAGE_TOKEN_INVALID",
            "The page token does not belong to this request. Start again without one.",
            {"page_token": "must be the next_page_token of the last page, all else unchanged"},
        ) from None


def _key_part(part: object, kind: type[KeyPart]) -> KeyPart:
    if kind is datetime and isinstance(part, str):
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC)
    if kind is str and isinstance(part, str) and "\x00" not in part:
        part.encode()  # refuses a lone surrogate, which JSON can express
        return part
    if kind is int and type(part) is int and -(2**63) <= part < 2**63:
        return part
    raise ValueError("not a key of this type")
