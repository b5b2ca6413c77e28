"""The caller: the place their scope is bound to, and their live session."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import Unauthenticated
from services.kernel.call.names import parse
from services.kernel.call.scope import current_scope
from services.tenant_registry.models import Admin, AdminSession


def place_of(parent: str) -> str | None:
    """Returns the tenant that `parent` names, None for the platform; it must be the scope's own.

    Raises:
        PermissionDenied: SCOPE_MISMATCH.
    """
    scope = current_scope()
    if scope.tenant is not None or parent:
        scope.require_parent(parent)
    return scope.tenant


def place_and_id(name: str, pattern: str) -> tuple[str | None, str]:
    """Parses a name below the scope's own place into the tenant, or None, and the id.

    Raises:
        PermissionDenied: SCOPE_MISMATCH.
    """
    scope = current_scope()
    if scope.tenant is None:
        if name.startswith("tenants/"):
            scope.require(name)
        return None, parse(name, pattern)[0]
    scope.require(name)
    return scope.tenant, parse(name, f"tenants/{{tenant}}/{pattern}")[1]


async def own_session(session: AsyncSession, *, now: datetime, lock: bool = False) -> AdminSession:
    """Finds the caller's session.

    Raises:
        Unauthenticated: SESSION_ENDED, also for an admin who is deactivated.
    """
    scope = current_scope()
    (admin_id,) = parse(scope.actor, "admins/{admin}")
    row = await live_session(session, admin_id, scope.session, now=now, lock=lock)
    admin = await session.get(Admin, admin_id)
    if row is None or admin is None or admin.deactivate_time is not None:
        raise session_ended()
    return row


def session_ended() -> Unauthenticated:
    return Unauthenticated("SESSION_ENDED", "The session has ended. Log in again.")


async def live_session(
    session: AsyncSession, admin_id: str, session_id: str, *, now: datetime, lock: bool = False
) -> AdminSession | None:
    """Finds an admin's own session that has not ended."""
    statement = select(AdminSession).where(
        AdminSession.session_id == session_id,
        AdminSession.admin_id == admin_id,
        AdminSession.is_live(now),
    )
    if lock:
        statement = statement.with_for_update()
    live: AdminSession | None = await session.scalar(statement)
    return live
