"""Declares tables, all of whose rows belong to one tenant each."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import SchemaItem

from services.kernel.data.tables import NAMING

TableArgs = tuple[SchemaItem | dict[str, Any], ...]


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = MetaData(naming_convention=NAMING)


def tenant_rows(*items: SchemaItem) -> TableArgs:
    """Declares rows whose changes are acts: each leaves an event."""
    return (*items, {"info": {"scope": "tenant"}})


def unaudited_rows(*items: SchemaItem) -> TableArgs:
    """Declares rows whose changes are no acts of their own, and leave no event."""
    return (*items, {"info": {"scope": "tenant", "audited": False}})
