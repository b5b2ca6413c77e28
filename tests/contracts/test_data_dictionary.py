"""docs/data-dictionary.md against the models, both ways."""

import importlib
import re
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData
from sqlalchemy.dialects import postgresql

from deploy.manifest import DATABASES
from services.kernel.data.tables import KernelBase

PAGE = Path(__file__).resolve().parents[2] / "docs/data-dictionary.md"
Tables = dict[str, dict[str, str]]


def documented() -> dict[str, Tables]:
    """Reads the page: database, then `table · scope`, then column to type."""
    found: dict[str, Tables] = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            tables = found[line[3:]] = {}
        elif line.startswith("### "):
            columns = tables[line[4:]] = {}
        elif row := re.fullmatch(r"\| (?!column)(\w+) \| (.+?) \| (.+) \|", line):
            columns[row[1]] = row[2]
    return found


def modelled(metadata: MetaData) -> Tables:
    return {
        f"{table.name} · {table.info['scope']}": {c.name: type_of(c) for c in table.columns}
        for table in metadata.tables.values()
    }


def type_of(column: "Column[object]") -> str:
    compiled = column.type.compile(postgresql.dialect()).lower()
    compiled = compiled.replace(' collate "c"', "").replace(
        "timestamp with time zone", "timestamptz"
    )
    return compiled + ", key" * column.primary_key + ", null" * bool(column.nullable)


@pytest.mark.parametrize("database", DATABASES)
def test_every_table_and_column_of_a_service_is_explained_and_no_other(database):
    base = importlib.import_module(f"services.{database}.models").Base

    assert documented()[database] == modelled(base.metadata)


def test_every_table_and_column_of_the_kernel_is_explained_and_no_other():
    assert documented()["kernel"] == modelled(KernelBase.metadata)


def test_no_other_database_is_explained():
    assert set(documented()) == {*DATABASES, "kernel"}
