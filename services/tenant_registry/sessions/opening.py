"""Begins and ends sessions, within the transaction of the calling act."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import Unauthenticated
from services.kernel.call.names import new_id, parse
from services.kernel.call.scope import bound, current_method, current_scope
from services.kernel.evidence import audit
from services.tenant_registry.models import Admin, AdminSession, RefreshToken
from services.tenant_registry.sessions import messages, queries, rules, secret

REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and its new refresh token; empty if none was made."""

    admin: Admin
    row: AdminSession
    refresh_token: str = ""


async def begin(session: AsyncSession, admin: Admin, *, method: str, now: datetime) -> Opened:
    """Begins a session for an authenticated admin, and records the login."""
    row = AdminSession(
        session_id=new_id("sess"),
        admin_id=admin.admin_id,
        method=method,
        address=current_scope().address,
        create_time=now,
        use_time=now,
        end_time=now + rules.LONGEST,
    )
    session.add(row)
    await session.flush()
    opened = Opened(admin, row, await link(session, row, now=now))
    admin.last_login_time = now
    await queries.forget_ended(session, admin.admin_id, before=now - rules.LONGEST)
    with acting(row):
        audit.record(session, resource=f"admins/{admin.admin_id}", after=messages.session(row))
    return opened


async def link(session: AsyncSession, row: AdminSession, *, now: datetime) -> str:
    """Makes the next refresh token of a session."""
    token = secret.new(REFRESH)
    session.add(
        RefreshToken(token_hash=secret.hashed(token), session_id=row.session_id, create_time=now)
    )
    return token


async def own(session: AsyncSession, *, now: datetime, lock: bool = False) -> AdminSession:
    """Finds the caller's session.

    Raises:
        Unauthenticated: SESSION_ENDED, also for an admin who is deactivated.
    """
    scope = current_scope()
    (admin_id,) = parse(scope.actor, "admins/{admin}")
    row = await queries.live(session, admin_id, scope.session, now=now, lock=lock)
    admin = await session.get(Admin, admin_id)
    if row is None or admin is None or admin.deactivate_time is not None:
        raise ended()
    return row


def end(session: AsyncSession, row: AdminSession, reason: rules.End, *, now: datetime) -> None:
    """Ends a session; it and its tokens are invalid from now on."""
    before = messages.session(row)
    row.revoke_time, row.revoke_reason = now, reason.value
    refusal = reason.name if reason is rules.End.TOKEN_REUSED else ""
    outcome = "DENIED" if refusal else "DONE"
    audit.record(session, resource=before.name, before=before, outcome=outcome, reason=refusal)


@contextmanager
def acting(row: AdminSession) -> Iterator[None]:
    """Makes an admin the actor of a call that the gateway made in its own name."""
    scope = replace(current_scope(), actor=f"admins/{row.admin_id}", session=row.session_id)
    with bound(scope, current_method()):
        yield


def ended() -> Unauthenticated:
    return Unauthenticated("SESSION_ENDED", "The session has ended. Log in again.")
