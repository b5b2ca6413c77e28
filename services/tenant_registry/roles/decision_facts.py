"""What a decision about an admin at a place rests on, read in one round trip."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.kernel.data.database import Database
from services.tenant_registry.models import Admin
from services.tenant_registry.roles.evaluation import AssignedPolicy

_ADMIN = (
    *("admin_id", "email", "first_name", "last_name", "create_time", "update_time"),
    *("deactivate_time", "access_version"),
)
# One moment for all of it. What is held is found by the index of live assignments, by the admin and
# the place; the platform itself is never opened to anybody.
_FACTS = f"""
SELECT {", ".join(f"a.{name}" for name in _ADMIN)},
  EXISTS (
    SELECT FROM admin_session n WHERE n.session_id = $4 AND n.admin_id = $1
    AND n.revoke_time IS NULL AND n.end_time > $3
  ) AS has_session,
  (
    SELECT g.access_grant_id FROM access_grant g
    WHERE g.tenant_id = $2 AND g.admin_id = $1 AND g.create_time <= $3 AND g.expire_time > $3
    AND NOT EXISTS (
      SELECT FROM access_grant_end e
      WHERE e.tenant_id = g.tenant_id AND e.access_grant_id = g.access_grant_id
    )
    ORDER BY g.create_time DESC, g.access_grant_id DESC LIMIT 1
  ) AS access_grant_id,
  s.assignment_id, s.role_id, s.tenant_id, s.from_time, s.until_time, s.revoke_time,
  p.reach, p.permissions
FROM admin a
LEFT JOIN (assignment s JOIN policy p ON p.role_id = s.role_id)
  ON s.admin_id = $1 AND (s.tenant_id IS NULL OR s.tenant_id = $2)
  AND s.revoke_time IS NULL AND (s.until_time IS NULL OR s.until_time > $3)
WHERE a.admin_id = $1
"""  # noqa: S608


class DecisionFacts(NamedTuple):
    """An admin, and what they hold at a place, now or later.

    `access_grant_id` is that of the newest access grant by which the place is open to them.
    """

    admin: Admin
    has_session: bool
    access_grant_id: str | None
    policies: Sequence[AssignedPolicy]


async def decision_facts(
    database: Database, admin_id: str, tenant: str | None, *, session: str, now: datetime
) -> DecisionFacts | None:
    """Reads the facts about an admin at a tenant or, with None, at the platform.

    `has_session` tells whether `session` is a live one of theirs. The cost does not grow with the
    other places at which they hold something. Returns None if there is no such admin.
    """
    rows = await database.call_platform(_FACTS, admin_id, tenant, now, session)
    if not rows:
        return None
    first = rows[0]
    return DecisionFacts(
        Admin(**{name: first[name] for name in _ADMIN}),
        first["has_session"],
        first["access_grant_id"],
        [_policy(row) for row in rows if row["assignment_id"] is not None],
    )


def _policy(row: Any) -> AssignedPolicy:  # noqa: ANN401 - asyncpg's rows have no types
    return AssignedPolicy(
        role=row["role_id"],
        tenant=row["tenant_id"],
        from_time=row["from_time"],
        until_time=row["until_time"],
        revoke_time=row["revoke_time"],
        reach=row["reach"],
        patterns=tuple(row["permissions"]),
        assignment=row["assignment_id"],
    )
