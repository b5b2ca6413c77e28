"""A decision reads what an admin holds at its place, however much they hold or held elsewhere."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from services.kernel.call.scope import Scope, bound
from services.tenant_registry.roles import decision_facts, holder_queries, locking
from tests.cluster import cluster  # noqa: F401 - a fixture

MANY = 3_000
ADMIN = "user_grown"
FILL = """
INSERT INTO assignment (assignment_id, admin_id, role_id, tenant_id, from_time, granted_by, reason,
  create_time, revoke_time)
SELECT 'asgn_grown_' || kind || n, CASE WHEN is_own THEN $1 ELSE 'user_' || n END,
  'TenantAdmin', CASE WHEN is_here THEN 'paris' ELSE 'shop-' || n END,
  now() - interval '1 day', 'services/tenant-registry', 'growth', now() - interval '1 day',
  CASE kind WHEN 'revoked' THEN now() - interval '1 hour' END
FROM (VALUES ('held', true, true, 1), ('revoked', true, true, 200), ('elsewhere', true, false, $2),
  ('colleagues', false, true, 300), ('strangers', false, false, $2)
) kinds (kind, is_own, is_here, number), generate_series(1, number) n
"""


@pytest.fixture
async def grown(cluster):  # noqa: F811
    """An admin with one role at paris, many that were revoked there, and many elsewhere."""
    superuser = await cluster.connect("tenant_registry")
    await superuser.execute("SET session_replication_role = replica")  # no such tenants
    await superuser.execute(
        "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash, create_time,"
        " update_time) VALUES ($1, 'grown@paris.example', '', '', '', now(), now())",
        ADMIN,
    )
    await superuser.execute(FILL, ADMIN, MANY)
    await superuser.execute("ANALYZE assignment")
    async with cluster.doors("tenant_registry") as db:
        yield db, superuser
    await superuser.execute("DELETE FROM assignment WHERE reason = 'growth'")
    await superuser.execute("DELETE FROM admin WHERE admin_id = $1", ADMIN)
    await superuser.close()


@contextmanager
def statements(db):
    """Collects what is sent to the database about assignments."""
    sent = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "FROM assignment" in statement or "JOIN assignment" in statement:
            sent.append((statement, parameters))

    engine = db._platform.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def scanned(plan):
    """Sums up how many rows of assignments a plan's nodes looked at."""
    rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    rows += plan.get("Rows Removed by Index Recheck", 0)
    here = rows * plan["Actual Loops"] if plan.get("Relation Name") == "assignment" else 0
    return here + sum(scanned(inner) for inner in plan.get("Plans", ()))


async def rows_read(superuser, sent):
    assert sent
    total = 0
    for statement, parameters in sent:
        # As the statement of a service, which is planned for its parameters.
        explained = await superuser.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *parameters
        )
        total += scanned(json.loads(explained)[0]["Plan"])
    return total


@pytest.mark.parametrize(("tenant", "policies_there"), [("paris", 2), ("shop-7", 2), ("lyon", 0)])
async def test_an_admins_permissions_are_read_at_their_place_only(grown, tenant, policies_there):
    db, superuser = grown
    with bound(Scope(None, "services/gateway", frozenset())), statements(db) as sent:
        async with db.platform() as session:
            found = await holder_queries.admin_and_policies(
                session, ADMIN, tenant, now=datetime.now(UTC)
            )

    assert found is not None
    _, policies = found
    assert [policy.tenant for policy in policies] == [tenant] * policies_there
    assert await rows_read(superuser, sent) <= 10


@pytest.mark.parametrize(("tenant", "policies_there"), [("paris", 2), ("shop-7", 2), ("lyon", 0)])
async def test_a_decision_for_the_gateway_reads_its_place_only(grown, tenant, policies_there):
    db, superuser = grown
    # A service's statement is planned for any parameters, once it was executed five times.
    await superuser.execute("SET plan_cache_mode = force_generic_plan")
    now = datetime.now(UTC)
    facts = await decision_facts.decision_facts(db, ADMIN, tenant, session="", now=now)
    sent = [(decision_facts._FACTS, (ADMIN, tenant, now, ""))]

    assert facts is not None
    assert [policy.tenant for policy in facts.policies] == [tenant] * policies_there
    assert await rows_read(superuser, sent) <= 10


async def test_giving_a_role_locks_what_is_held_at_its_place_only(grown):
    db, superuser = grown
    with bound(Scope(None, f"admins/{ADMIN}", frozenset())), statements(db) as sent:
        async with db.platform() as session:
            parties = await locking.lock_actor_and_target(
                session, {"paris"}, f"admins/{ADMIN}", ADMIN
            )

    assert parties.actor.places(parties.now) == {"paris"}
    assert await rows_read(superuser, sent) <= 10


async def test_everything_held_is_read_for_an_act_on_all_places(grown):
    db, _ = grown
    with bound(Scope(None, f"admins/{ADMIN}", frozenset())):
        async with db.platform() as session:
            parties = await locking.lock_actor_and_target(
                session, {None, "paris"}, f"admins/{ADMIN}", ADMIN
            )

    assert len(parties.target.places(parties.now)) == MANY + 1
