"""Declares tables, each with the scope of its rows."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import SchemaItem

from services.kernel.data.tables import NAMING


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = MetaData(naming_convention=NAMING)


TableArgs = tuple[SchemaItem | dict[str, Any], ...]


def platform_rows(*items: SchemaItem) -> TableArgs:
    """Declares rows of no tenant, which every tenant may read."""
    return (*items, {"info": {"scope": "platform", "shared": True}})


def tenant_rows(*items: SchemaItem) -> TableArgs:
    """Declares rows that belong to one tenant each."""
    return (*items, {"info": {"scope": "tenant"}})


def open_rows(*items: SchemaItem) -> TableArgs:
    """Declares rows of no tenant that a session may read before it is bound to one, too.

    Only for what must be found by an operator that is not leakproof: a policy with a condition of
    its own would keep PostgreSQL from using the index.
    """
    return (*items, {"info": {"scope": "platform", "shared": True, "open": True}})
