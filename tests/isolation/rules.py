"""The rules R0 to R20 of the table design, as far as models can tell; each names what breaks it."""

from collections.abc import Callable, Iterator

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Identity,
    Integer,
    LargeBinary,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.types import TypeEngine

from services.kernel.data.tables import TenantOwned
from tests.isolation.discovery import is_owned, is_tenants, mapped

Rule = Callable[[Table], Iterator[str]]
# PostgreSQL's operators of these are leakproof: only then may an index serve a query under
# row-level security.
LEAKPROOF = (Text, BigInteger, Integer, Boolean, Date, DateTime, Uuid, LargeBinary)


def r0_every_table_says_whose_it_is(table: Table) -> Iterator[str]:
    if table.info.get("scope") not in ("tenant", "platform"):
        yield f"{table.name} declares no scope"


def r1_a_tenants_table_begins_with_its_tenant(table: Table) -> Iterator[str]:
    if is_tenants(table) and [c.name for c in table.c][:1] != ["tenant_id"]:
        yield f"{table.name} does not begin with tenant_id"
    if is_owned(table):
        column = table.c.tenant_id
        if not isinstance(column.type, Text) or column.type.collation != "C":
            yield f'{table.name}.tenant_id is not text COLLATE "C"'
        if column.nullable and is_tenants(table):
            yield f"{table.name}.tenant_id may be null"
        if column.server_default is not None or column.onupdate is not None:
            yield f"{table.name}.tenant_id has a default of its own or changes by itself"


def r2_primary_keys_lead_with_the_tenant(table: Table) -> Iterator[str]:
    if is_tenants(table) and [c.name for c in table.primary_key][:1] != ["tenant_id"]:
        yield f"{table.name}'s primary key does not lead with tenant_id"


def r3_unique_is_unique_per_tenant(table: Table) -> Iterator[str]:
    if not is_tenants(table):
        return
    for constraint in table.constraints:
        if isinstance(constraint, ExcludeConstraint):
            yield f"{table.name} has an exclusion constraint"
        if isinstance(constraint, UniqueConstraint) and "tenant_id" not in constraint.columns:
            yield f"{constraint.name} is unique across tenants"
    for index in table.indexes:
        if index.unique and "tenant_id" not in index.columns:
            yield f"{index.name} is unique across tenants"


def r4_references_between_tenants_tables_carry_the_tenant(table: Table) -> Iterator[str]:
    for key in table.foreign_key_constraints:
        pairs = {(e.parent.name, e.column.name) for e in key.elements}
        if is_tenants(key.referred_table):
            if not is_tenants(table):
                yield f"{key.name} leads from the platform into a tenant's table"
            if ("tenant_id", "tenant_id") not in pairs:
                yield f"{key.name} does not carry the tenant"


def r5_references_only_restrict_or_cascade(table: Table) -> Iterator[str]:
    for key in table.foreign_key_constraints:
        if key.ondelete not in (None, "CASCADE", "RESTRICT", "NO ACTION"):
            yield f"{key.name} is ON DELETE {key.ondelete}"
        if key.onupdate not in (None, "RESTRICT", "NO ACTION"):
            yield f"{key.name} is ON UPDATE {key.onupdate}"


def r6_ids_are_made_by_the_service(table: Table) -> Iterator[str]:
    for column in table.c:
        if column.identity is not None or isinstance(column.default, Sequence | Identity):
            yield f"{column} is numbered by the database"
    if table.autoincrement_column is not None and len(table.primary_key.columns) == 1:
        yield f"{table.autoincrement_column} would become a serial"


def r7_no_native_enums(table: Table) -> Iterator[str]:
    yield from (f"{column} is an enum" for column in table.c if isinstance(column.type, Enum))


def r8_what_tenants_indexes_hold_is_leakproof(table: Table) -> Iterator[str]:
    if not is_tenants(table):
        return
    keyed = {column for index in table.indexes for column in index.columns}
    keyed |= set(table.primary_key.columns)
    keyed |= {c for u in table.constraints if isinstance(u, UniqueConstraint) for c in u.columns}
    for column in keyed:
        if not _is_leakproof(column.type):
            yield f"{column} of type {column.type} stands in an index"


def _is_leakproof(kind: TypeEngine[object]) -> bool:
    return isinstance(kind, LEAKPROOF) and not isinstance(kind, Enum)


def r9_tenants_indexes_lead_with_the_tenant(table: Table) -> Iterator[str]:
    if is_tenants(table):
        for index in table.indexes:
            if [c.name for c in index.columns][:1] != ["tenant_id"]:
                yield f"{index.name} does not lead with tenant_id"


def r10_no_partitions_and_no_inheritance(table: Table) -> Iterator[str]:
    for word in ("partition_by", "inherits"):
        if table.dialect_options["postgresql"].get(word):
            yield f"{table.name} has {word}"


def r11_references_have_names(table: Table) -> Iterator[str]:
    for key in table.foreign_key_constraints:
        if key.name is None:
            yield f"a foreign key of {table.name} has no name"


def r16_sessions_add_the_tenant_to_every_statement(table: Table) -> Iterator[str]:
    if is_tenants(table):
        classes = mapped(table)
        if not classes:
            yield f"{table.name} is mapped to no class, so no predicate is added to its statements"
        yield from (f"{c.__name__} is no TenantOwned" for c in classes
                    if not issubclass(c, TenantOwned))  # fmt: skip


def r17_values_come_from_the_service(table: Table) -> Iterator[str]:
    for column in table.c:
        default = getattr(column.server_default, "arg", None)
        # A constant is the same on every node; it serves instances of the version before.
        is_constant = isinstance(default, str | True_ | False_)
        if (default is not None and not is_constant) or column.server_onupdate is not None:
            yield f"{column} is filled in by the database"


RULES: dict[str, Rule] = {
    name.partition("_")[0].upper(): value
    for name, value in list(globals().items())
    if name.startswith("r") and name[1].isdigit()
}
"""R12 to R15 and R19 are about the database and are checked there; R18 and R20 about statements."""


def broken(table: Table) -> dict[str, list[str]]:
    """Tells which rules a table breaks, and how."""
    found = {name: list(rule(table)) for name, rule in RULES.items()}
    return {name: breaches for name, breaches in found.items() if breaches}
