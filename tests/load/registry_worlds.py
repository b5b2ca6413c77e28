"""Tenants of a world: in the registry with their hosts and admins, and each with a signed tree."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg

from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import AuditLeaf
from services.kernel.evidence import audit
from services.kernel.evidence.event_signatures import EventKey

METHOD = "souk.tenant_registry.v1.TenantRegistryService/CreateTenant"
ADMIN_OF_ONE = "one@bench.example"
"""An admin with a role at one tenant, `shop-2`, and the password of the first admin."""

# Each copies a row of the demo's tenant paris, with what differs.
_COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(o.r, jsonb_build_object({differing}))).*
FROM (SELECT t AS r FROM {table} t WHERE {original} LIMIT 1) o, generate_series($1::int, $2::int) n
ON CONFLICT DO NOTHING
"""
_TENANTS = _COPY.format(
    table="tenant",
    original="tenant_id = 'paris'",
    differing="'tenant_id', 'shop-' || n, 'display_name', 'Shop ' || n",
)
_DOMAINS = _COPY.format(
    table="domain",
    original="tenant_id = 'paris' AND is_primary",
    differing="'tenant_id', 'shop-' || n, 'host', 'shop-' || n || '.bench.example'",
)
_ROLES = _COPY.format(
    table="assignment",
    original="tenant_id = 'paris' AND role_id = 'TenantAdmin' AND revoke_time IS NULL",
    differing="'tenant_id', 'shop-' || n, 'assignment_id', 'asgn_bench_' || n",
)
_ADMIN_OF_ONE = f"""
INSERT INTO admin SELECT (jsonb_populate_record(o.r, jsonb_build_object(
  'admin_id', 'user_of_one', 'email', '{ADMIN_OF_ONE}'))).*
FROM (SELECT a AS r FROM admin a JOIN assignment s USING (admin_id)
  WHERE s.assignment_id = 'asgn_bench_2') o
ON CONFLICT DO NOTHING
"""
_ROLE_OF_ONE = """
INSERT INTO assignment SELECT (jsonb_populate_record(o.r, jsonb_build_object(
  'admin_id', 'user_of_one', 'assignment_id', 'asgn_of_one'))).*
FROM (SELECT a AS r FROM assignment a WHERE assignment_id = 'asgn_bench_2') o
ON CONFLICT DO NOTHING
"""


async def grow(superuser: asyncpg.Connection, secrets: Path, *, first: int, last: int) -> None:
    """Makes the tenants shop-`first` to shop-`last`, at all of which the first admin has a role.

    Each leaves an event, which the platform's own relay and sequencer take into trees.
    """
    for statement in (_TENANTS, _DOMAINS, _ROLES):
        await superuser.execute(statement, first, last)
    await superuser.execute(_ADMIN_OF_ONE)
    await superuser.execute(_ROLE_OF_ONE)
    await superuser.execute("VACUUM ANALYZE")
    key = EventKey("tenant-registry", (secrets / "tenant-registry.key").read_text())
    columns = ("tenant_id", "event_id", "occur_time", "envelope", "payload", "salt", "signature")
    await superuser.copy_records_to_table(
        "audit_leaf",
        columns=columns,
        records=[
            tuple(getattr(leaf, name) for name in columns) for leaf in _leaves(key, first, last)
        ],
    )


def _leaves(key: EventKey, first: int, last: int) -> Iterator[AuditLeaf]:
    for n in range(first, last + 1):
        tenant = f"shop-{n}"
        act: Any = SimpleNamespace(
            info={"home": tenant, "sign": key.sign}, in_nested_transaction=lambda: False
        )
        with bound(Scope(tenant, "services/tenant-registry", frozenset()), METHOD):
            audit.record(act, resource=f"tenants/{tenant}")
        yield from act.info["leaves"]
