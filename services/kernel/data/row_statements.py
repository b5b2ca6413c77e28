"""Statements on whole rows of a mapped table, for acts: each is written once, with its tenant.

A row is an instance of the table's class that no session knows; what was not read of it is None.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import FromClause, Table, inspect
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import KernelBase, TenantOwned

R = TypeVar("R", bound=TenantOwned)


def needs_event(table: FromClause | None) -> bool:
    """Returns whether a change of a table is an act; where the table cannot be told, it may be any.

    The kernel's own tables are none, nor those that declare `"audited": False`, such as carts.
    """
    if not isinstance(table, Table):
        return True
    return table.metadata is not KernelBase.metadata and table.info.get("audited", True)


class _Part(NamedTuple):
    """An attribute of a row, and its column."""

    attribute: str
    column: str
    is_json: bool

    def sent(self, row: TenantOwned) -> object:
        value = getattr(row, self.attribute)
        return json.dumps(value) if self.is_json and value is not None else value

    def received(self, value: Any) -> Any:  # noqa: ANN401 - of any column
        return json.loads(value) if self.is_json and value is not None else value


class RowStatements:
    """The statements on rows of one table."""

    def __init__(self, kind: type[TenantOwned]) -> None:
        """Raises TypeError for a table whose rows belong to no tenant."""
        mapper = inspect(kind)
        table = mapper.local_table
        key = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        if not isinstance(table, Table) or key[0] != "tenant_id":
            raise TypeError(f"rows of {table} belong to no tenant")
        self._table = table
        self._key = key
        self._parts = {
            name: _Part(name, column.name, isinstance(column.type, JSONB))
            for column in table.columns
            for name in [mapper.get_property_by_column(column).key]
        }
        self._updates: dict[tuple[str, ...], str] = {}
        self.insertion = (
            f"INSERT INTO {table.name} ({self._columns()})"  # noqa: S608
            f" VALUES ({', '.join(f'${place}' for place in range(1, len(self._parts) + 1))})"
        )

    @property
    def needs_event(self) -> bool:
        """Whether a change of such rows is an act."""
        return needs_event(self._table)

    def selection(self, where: str, without: Collection[str]) -> str:
        """Writes a statement that reads rows; `where` begins with a condition, from $2 on."""
        columns = self._columns(without)
        return f"SELECT {columns} FROM {self._table.name} WHERE tenant_id = $1 AND {where}"  # noqa: S608

    def update(self, attributes: tuple[str, ...]) -> str:
        """Writes a statement that stores attributes of a row, by its key."""
        if attributes not in self._updates:
            where = " AND ".join(self._assigned(self._key, 1))
            values = ", ".join(self._assigned(attributes, len(self._key) + 1))
            self._updates[attributes] = f"UPDATE {self._table.name} SET {values} WHERE {where}"  # noqa: S608
        return self._updates[attributes]

    def values_received(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the attributes of a row that was read."""
        return {
            name: part.received(record[part.column])
            for name, part in self._parts.items()
            if part.column in record
        }

    def values_inserted(self, row: TenantOwned) -> list[object]:
        return [part.sent(row) for part in self._parts.values()]

    def values_updated(self, row: TenantOwned, attributes: Collection[str]) -> list[object]:
        return [self._parts[name].sent(row) for name in (*self._key, *attributes)]

    def _columns(self, without: Collection[str] = ()) -> str:
        parts = self._parts.values()
        return ", ".join(part.column for part in parts if part.attribute not in without)

    def _assigned(self, attributes: Iterable[str], first: int) -> list[str]:
        return [
            f"{self._parts[name].column} = ${place}" for place, name in enumerate(attributes, first)
        ]


_known: dict[type[TenantOwned], RowStatements] = {}


def statements_on(kind: type[TenantOwned]) -> RowStatements:
    """Returns the statements on a class's rows, made once."""
    if kind not in _known:
        _known[kind] = RowStatements(kind)
    return _known[kind]
