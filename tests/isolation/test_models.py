"""The table design of every service, found by walking the folders; and that each rule bites."""

import ast

import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from deploy.manifest import DATABASES
from tests.isolation import discovery
from tests.isolation.rules import RULES, broken

# What an UPDATE or INSERT may not compute in the database: values come from the service.
VOLATILE = {"random", "now", "clock_timestamp", "statement_timestamp", "gen_random_uuid", "nextval"}


@pytest.mark.parametrize(
    ("database", "table"), discovery.every_table(), ids=lambda part: getattr(part, "name", part)
)
def test_a_table_keeps_every_rule(database, table):
    assert broken(table) == {}


def test_every_service_with_tables_is_found():
    assert {"audit", "catalog_opt_in", "tenant_registry"} <= set(discovery.databases())
    assert all(discovery.tables(database) for database in discovery.databases())


def test_every_database_of_the_platform_has_its_models():
    assert set(DATABASES) == set(discovery.databases())


def _calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _strings(tree):
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value.upper()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    ]


def test_r17_no_statement_computes_a_volatile_value():
    found = [
        f"{path}: func.{node.func.attr}"
        for path, tree in discovery.trees()
        for node in _calls(tree)
        if isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "func"
        and node.func.attr in VOLATILE
    ]

    assert found == []


def test_r18_no_statement_skips_locked_rows():
    found = [
        path
        for path, tree in discovery.trees()
        for node in _calls(tree)
        if any(word.arg == "skip_locked" for word in node.keywords)
    ]
    spelled = [
        path
        for path, tree in discovery.trees()
        if any("SKIP LOCKED" in string for string in _strings(tree))
    ]

    assert found + spelled == []


def test_r20_no_statement_is_recursive():
    found = [
        path
        for path, tree in discovery.trees()
        if any("WITH RECURSIVE" in string for string in _strings(tree))
        or any(word.arg == "recursive" for node in _calls(tree) for word in node.keywords)
    ]

    assert found == []


KEY = Text(collation="C")


def _good(*extra, info=None, tenant=None, **options):
    """A table that keeps every rule but R16 (it is mapped to no class), and `extra`."""
    metadata = MetaData()
    Table("platform_row", metadata, Column("id", KEY, primary_key=True), info={"scope": "platform"})
    Table(
        "parent",
        metadata,
        Column("tenant_id", KEY, primary_key=True),
        Column("id", KEY, primary_key=True),
        UniqueConstraint("id"),
        info={"scope": "tenant"},
    )
    return Table(
        "child",
        metadata,
        tenant if tenant is not None else Column("tenant_id", KEY, primary_key=True),
        Column("id", KEY, primary_key=True),
        *extra,
        info=info or {"scope": "tenant"},
        **options,
    )


MUTANTS = {
    "R0 no scope": ("R0", lambda: _good(info={"scope": "shared"})),
    "R1 another collation": (
        "R1",
        lambda: _good(tenant=Column("tenant_id", Text(), primary_key=True)),
    ),
    "R1 a tenant of its own": (
        "R1",
        lambda: _good(
            tenant=Column("tenant_id", KEY, primary_key=True, server_default=text("'hq'"))
        ),
    ),
    "R2 key without tenant": ("R2", lambda: _good(tenant=Column("tenant_id", KEY, nullable=False))),
    "R3 unique across tenants": (
        "R3",
        lambda: _good(Column("sku", KEY), UniqueConstraint("sku", name="u")),
    ),
    "R3 unique index across tenants": (
        "R3",
        lambda: _good(Column("sku", KEY), Index("u", "sku", unique=True)),
    ),
    "R4 reference without tenant": (
        "R4",
        lambda: _good(Column("parent_id", KEY, ForeignKey("parent.id", name="f"))),
    ),
    "R4 platform to tenant": (
        "R4",
        lambda: _good(
            Column("parent_id", KEY),
            ForeignKeyConstraint(
                ["tenant_id", "parent_id"], ["parent.tenant_id", "parent.id"], name="f"
            ),
            info={"scope": "platform"},
        ),
    ),
    "R5 set null": (
        "R5",
        lambda: _good(
            Column("p", KEY, ForeignKey("platform_row.id", name="f", ondelete="SET NULL"))
        ),
    ),
    "R5 update cascades": (
        "R5",
        lambda: _good(
            Column("p", KEY, ForeignKey("platform_row.id", name="f", onupdate="CASCADE"))
        ),
    ),
    "R6 identity": ("R6", lambda: _good(Column("n", BigInteger(), Identity()))),
    "R7 enum": ("R7", lambda: _good(Column("state", Enum("A", "B", name="state")))),
    "R8 json in an index": (
        "R8",
        lambda: _good(Column("j", JSONB), Index("i", "tenant_id", "j")),
    ),
    "R8 array in an index": (
        "R8",
        lambda: _good(Column("a", ARRAY(Text)), Index("i", "tenant_id", "a")),
    ),
    "R9 index without tenant": ("R9", lambda: _good(Column("a", KEY), Index("i", "a"))),
    "R10 partitions": ("R10", lambda: _good(postgresql_partition_by="LIST (tenant_id)")),
    "R11 reference without name": (
        "R11",
        lambda: _good(Column("p", KEY, ForeignKey("platform_row.id"))),
    ),
    "R16 mapped to nothing": ("R16", _good),
    "R17 filled in by the database": (
        "R17",
        lambda: _good(Column("at", KEY, server_default=text("now()"))),
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_rule_bites(name):
    rule, make = MUTANTS[name]

    assert rule in broken(make())


def test_a_table_that_keeps_the_rules_is_left_alone():
    assert set(broken(_good())) == {"R16"}


def test_no_rule_goes_untried():
    assert {rule for rule, _ in MUTANTS.values()} == set(RULES)
