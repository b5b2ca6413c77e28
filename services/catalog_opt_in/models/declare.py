"""How this service declares tables: whose rows they hold is said of each."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import SchemaItem

from services.kernel.tables import NAMING


class Base(DeclarativeBase):
    """The tables that are this service's own."""

    metadata = MetaData(naming_convention=NAMING)


TableArgs = tuple[SchemaItem | dict[str, Any], ...]


def platform(*items: SchemaItem) -> TableArgs:
    """Rows of no tenant: every tenant may read them."""
    return (*items, {"info": {"scope": "platform"}})


def tenant(*items: SchemaItem) -> TableArgs:
    """Rows of one tenant each."""
    return (*items, {"info": {"scope": "tenant"}})
