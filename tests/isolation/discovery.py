"""Finds every database, table and statement by walking the folders: nothing is listed."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapper

from services.kernel.data.tables import KernelBase

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "services"


@cache
def databases() -> tuple[str, ...]:
    """Names the services that have migrations, which is also what their databases are called."""
    return tuple(sorted(path.parent.name for path in SERVICES.glob("*/migrations")))


@cache
def metadatas(database: str) -> tuple[MetaData, ...]:
    """Gives the metadata of everything that a database is meant to hold."""
    return (*(base.metadata for base in _bases(database)), KernelBase.metadata)


@cache
def tables(database: str) -> tuple[Table, ...]:
    """Lists a database's tables, each after those that it refers to."""
    return tuple(table for metadata in metadatas(database) for table in metadata.sorted_tables)


@cache
def every_table() -> tuple[tuple[str, Table], ...]:
    return tuple((database, table) for database in databases() for table in tables(database))


def is_owned(table: Table) -> bool:
    """Tells whether rows of the table belong to tenants, whatever the table's scope is."""
    return "tenant_id" in table.c


def is_tenants(table: Table) -> bool:
    return table.info.get("scope") == "tenant"


def is_shared(table: Table) -> bool:
    """Tells whether every tenant may read the table's rows, which are the platform's."""
    return bool(table.info.get("shared"))


def is_open(table: Table) -> bool:
    """Tells whether even a session of no tenant may read the table's rows."""
    return bool(table.info.get("open"))


def is_append_only(table: Table) -> bool:
    return bool(table.info.get("append_only"))


def mapped(table: Table) -> list[type]:
    """Finds the classes that are mapped to a table."""
    mappers: list[Mapper[Any]] = [
        mapper for base in _every_base() for mapper in base.registry.mappers
    ]
    return [mapper.class_ for mapper in mappers if mapper.local_table is table]


def _every_base() -> list[type[DeclarativeBase]]:
    return [KernelBase, *(base for database in databases() for base in _bases(database))]


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Parses every Python file of the services, the kernel's too."""
    for path in sorted(SERVICES.rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


@cache
def _bases(database: str) -> tuple[type[DeclarativeBase], ...]:
    """Imports all of a service, and finds the bases of tables that it declares anywhere."""
    for path in sorted((SERVICES / database).rglob("*.py")):
        module = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in module and module[-1] != "__main__":
            importlib.import_module(".".join(module).removesuffix(".__init__"))
    return tuple(
        base
        for base in DeclarativeBase.__subclasses__()
        if base.__module__.startswith(f"services.{database}.")
    )
