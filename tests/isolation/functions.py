"""Finds every function of a database in its catalog, all overloads too, and calls them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import asyncpg

# What a parameter gets whatever is tried in the others: these are no texts of a tenant's.
_BY_NAME: dict[str, object] = {"p_order": "title", "p_kind": "category_ids"}
_BY_TYPE: dict[str, object] = {
    "integer": 200,
    "boolean": False,
    "jsonb": None,
    "timestamp with time zone": datetime.now(UTC),
}
_AT_THE_BEGINNING = {"p_skip": 0}


@dataclass(frozen=True)
class Function:
    """One overload: its name, and its parameters after the tenant, as (name, type)."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    shows_documents: bool

    def __str__(self) -> str:
        return f"{self.name}({', '.join(['text', *(kind for _, kind in self.parameters)])})"

    async def call(
        self, connection: asyncpg.Connection, tenant: str | None, *texts: str
    ) -> list[asyncpg.Record]:
        """Calls it for a tenant; lists hold all the texts, and a single text is the first."""
        values = [self._value(name, kind, texts) for name, kind in self.parameters]
        places = ", ".join(f"${n}::{kind}" for n, (_, kind) in enumerate(self.parameters, 2))
        sql = f"SELECT * FROM {self.name}({', '.join(filter(None, ['$1', places]))})"
        return list(await connection.fetch(sql, tenant, *values))

    @staticmethod
    def _value(name: str, kind: str, texts: tuple[str, ...]) -> object:
        known = _BY_NAME | _AT_THE_BEGINNING
        if name in known:
            return known[name]
        if kind in _BY_TYPE:
            return _BY_TYPE[kind]
        if kind == "text[]":
            return list(texts) if texts or name == "p_locales" else None
        assert kind == "text", f"no value is known for {name} of type {kind}"
        return next(iter(texts), None)


async def functions(connection: asyncpg.Connection) -> list[Function]:
    """Lists those that services may call; the first parameter of each is the tenant."""
    rows = await connection.fetch(
        "SELECT p.proname, p.proargnames[1:p.pronargs] AS names,"
        " ARRAY(SELECT format_type(kind, NULL) FROM unnest(p.proargtypes::oid[])"
        "  WITH ORDINALITY AS a(kind, place) ORDER BY place) AS kinds,"
        " p.proargnames && '{document,documents}' AS shows_documents"
        " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1, p.oid"
    )
    found = []
    for row in rows:
        (first, *parameters) = zip(row["names"], row["kinds"], strict=True)
        assert first == ("p_tenant", "text"), row["proname"]
        found.append(Function(row["proname"], tuple(parameters), row["shows_documents"]))
    return found


def bytes_of(rows: list[asyncpg.Record]) -> bytes:
    """Puts together all that rows show, to look for somebody's texts in it."""
    values = chain.from_iterable(row.values() for row in rows)
    return b"\n".join(_value_bytes(value) for value in values)


def _value_bytes(value: object) -> bytes:
    if isinstance(value, list):
        return b"\n".join(map(_value_bytes, value))
    return value if isinstance(value, bytes) else str(value).encode()
