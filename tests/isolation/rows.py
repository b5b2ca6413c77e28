"""Rows for every table, made from the models: one of each tenant, marked so that a leak shows."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from services.kernel.evidence.audit import format_time
from tests.isolation.discovery import is_owned, tables

Row = dict[str, Any]
TENANTS = ("paris", "lyon")


def mark(tenant: str) -> str:
    """What every text of a tenant's rows contains, and nothing else does."""
    return f"canary-{tenant}"


class Rows:
    """A database's rows: `of[table, tenant]`; a table without a tenant_id has one for all."""

    def __init__(self, database: str, *, variant: str = "") -> None:
        self.of: dict[tuple[str, str], Row] = {}
        self.tables = tables(database)
        for table in self.tables:
            for tenant in TENANTS:
                self.of[table.name, tenant] = self.make(table, tenant, variant=variant)

    def make(self, table: Table, tenant: str, *, variant: str = "") -> Row:
        """Makes a row of a tenant; another `variant` differs in everything that is its own."""
        row: Row = {}
        for key in table.foreign_key_constraints:
            if key.referred_table is table:
                continue
            parent = self.of[key.referred_table.name, tenant]
            row |= {e.parent.name: parent[e.column.name] for e in key.elements}
        for column in table.c:
            if column.name == "tenant_id":
                row["tenant_id"] = tenant
            elif column.name not in row:
                row[column.name] = _value(table, column, tenant, variant)
        if "envelope" in row:
            row["envelope"] = _envelope(row)
        return row

    async def insert(self, connection: asyncpg.Connection, *, only: str = "") -> None:
        """Inserts what is missing, of all or of one tenant, as somebody whom no policy binds."""
        for table in self.tables:
            for tenant in TENANTS if is_owned(table) else TENANTS[:1]:
                if only in ("", tenant):
                    row = self.of[table.name, tenant]
                    await insert(connection, table, row, "ON CONFLICT DO NOTHING")

    async def replace_all(self, connection: asyncpg.Connection) -> None:
        """Removes what else was written for both tenants, as somebody whom no policy binds."""
        async with connection.transaction():
            # Rows that others refer to come back with the same keys.
            await connection.execute("SET LOCAL session_replication_role = replica")
            for table in filter(is_owned, self.tables):
                await connection.execute(
                    f'DELETE FROM "{table.name}" WHERE tenant_id = ANY($1)', TENANTS
                )
            await self.insert(connection)


async def insert(connection: asyncpg.Connection, table: Table, row: Row, suffix: str = "") -> str:
    """Inserts a row and tells the command's tag; `suffix` may be an ON CONFLICT clause."""
    columns = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(f"${n}" for n, _ in enumerate(row, 1))
    return await connection.execute(
        f'INSERT INTO "{table.name}" ({columns}) VALUES ({places}) {suffix}', *row.values()
    )


# A key's id and an Ed25519 signature: events without one are not taken.
_SIGNATURE_BYTES = 68

# What ends does so after it began, and soon.
_LASTS = timedelta(minutes=1)

# Columns whose content somebody parses: what to put around the mark.
_PARSED = {
    "envelope": json.dumps(
        dict.fromkeys(
            ("service", "method", "resource", "actor", "request_id", "session", "permission"), "{}"
        )
        | {"event": "{}", "reason": "{}", "times": 1, "payload_hash": "", "outcome": "DONE"}
        | {"occur_time": "2100-01-02T00:00:00.000000Z"}
    )
    .replace("{", "{{")
    .replace("}", "}}")
    .replace("{{}}", "{}"),
    "payload": '{{"address": "{}", "changes": []}}',
    "document": '{{"id": "{}", "variants": []}}',
    "currency": "EUR",
    "currencies": "EUR",
    "currency_code": "EUR",
    "product_status": "PUBLISHED",
}


def _value(table: Table, column: Column[Any], tenant: str, variant: str) -> object:
    if column.foreign_keys and column.nullable:
        return None
    if values := allowed(table, column.name):
        return values[0]
    owner = tenant if is_owned(table) else "platform"
    text = "-".join(filter(None, (mark(owner), table.name, column.name, variant)))
    parsed = _PARSED.get(column.name, "{}")
    text = parsed.format(*[text] * parsed.count("{}"))
    # Far ahead: a service that runs on these rows forgets what is old.
    moment = datetime(2100, 1, 2, tzinfo=UTC) + timedelta(seconds=len(variant))
    match column.type:
        case DateTime():
            return None if column.nullable else moment + _LASTS * column.name.startswith("expire")
        case Boolean():
            return True
        case BigInteger() | Integer():
            # As a key it differs, as marked texts do: a tenant's own row is not in another's way.
            return 1 + _is_key(table, column) * (TENANTS.index(tenant) + 2 * len(variant))
        case Numeric():
            return Decimal(1)
        case LargeBinary():
            return text.encode().ljust(_SIGNATURE_BYTES * (column.name == "signature"), b".")
        case JSONB():
            return "{}"
        case ARRAY():
            return [text]
        case TSVECTOR():
            return f"'{text}'"
        case Text():
            return text
    raise AssertionError(f"no value is known for {column} of type {column.type}")


def _is_key(table: Table, column: Column[Any]) -> bool:
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return column.primary_key or any(column.name in one.columns for one in unique)


def _envelope(row: Row) -> bytes:
    """Makes an event's envelope say what the columns beside it say, or nobody would show it."""
    facts = json.loads(row["envelope"])
    facts |= {name: text for name, text in row.items() if name in facts}
    facts["event"] = f"tenants/{row['tenant_id']}/events/{row['event_id']}"
    facts["occur_time"] = format_time(row["occur_time"])
    return json.dumps(facts).encode()


def is_marked(table: Table, column: Column[Any]) -> bool:
    """Tells whether the column holds its tenant's mark, so that no two rows have the same."""
    is_text = isinstance(column.type, Text) and column.name != "tenant_id"
    is_free = not column.foreign_keys and not allowed(table, column.name)
    return is_text and is_free and "{}" in _PARSED.get(column.name, "{}")


def allowed(table: Table, column: str) -> list[str]:
    """Reads the values that a CHECK (column IN (…)) allows."""
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = re.fullmatch(rf"{column} IN \((.*)\)", str(constraint.sqltext).strip())
            if found:
                return re.findall(r"'([^']*)'", found[1])
    return []


def keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]
