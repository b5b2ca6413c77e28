"""Begins and ends sessions, within the transaction of the calling act."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.names import new_id
from services.kernel.call.scope import bound, current_method, current_scope
from services.kernel.evidence import audit
from services.tenant_registry.accounts import messages, one_time_tokens, rules, session_queries
from services.tenant_registry.models import Admin, AdminSession, RefreshToken

REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, and its new refresh token; empty if none was made."""

    admin: Admin
    row: AdminSession
    refresh_token: str = ""


async def begin(
    session: AsyncSession, admin: Admin, *, method: str, now: datetime
) -> OpenedSession:
    """Begins a session for an authenticated admin, and records the login."""
    row = AdminSession(
        session_id=new_id("sess"),
        admin_id=admin.admin_id,
        method=method,
        address=current_scope().address,
        create_time=now,
        use_time=now,
        end_time=now + rules.SESSION_LIFETIME,
    )
    session.add(row)
    await session.flush()
    opened = OpenedSession(admin, row, await new_refresh_token(session, row, now=now))
    admin.last_login_time = now
    await session_queries.forget_ended(session, admin.admin_id, before=now - rules.SESSION_LIFETIME)
    with acting_as_admin(row):
        audit.record(session, resource=f"admins/{admin.admin_id}", after=messages.session(row))
    return opened


async def new_refresh_token(session: AsyncSession, row: AdminSession, *, now: datetime) -> str:
    """Makes the next refresh token of a session."""
    token = one_time_tokens.new_token(REFRESH)
    session.add(
        RefreshToken(
            token_hash=one_time_tokens.hashed(token), session_id=row.session_id, create_time=now
        )
    )
    return token


def record_use(session: AsyncSession, row: AdminSession, *, now: datetime) -> None:
    """Records that a session goes on, and from where: its admin sees both in their list."""
    before = messages.session(row)
    row.use_time = now
    row.address = current_scope().address or row.address
    audit.record(session, resource=before.name, before=before, after=messages.session(row))


def end(
    session: AsyncSession, row: AdminSession, reason: rules.SessionEnd, *, now: datetime
) -> None:
    """Ends a session; it and its tokens are invalid from now on."""
    before = messages.session(row)
    row.revoke_time, row.revoke_reason = now, reason.value
    refusal = reason.name if reason is rules.SessionEnd.TOKEN_REUSED else ""
    outcome = "DENIED" if refusal else "DONE"
    audit.record(session, resource=before.name, before=before, outcome=outcome, reason=refusal)


@contextmanager
def acting_as_admin(row: AdminSession) -> Iterator[None]:
    """Makes an admin the actor of a call that the gateway made in its own name."""
    scope = replace(current_scope(), actor=f"admins/{row.admin_id}", session=row.session_id)
    with bound(scope, current_method()):
        yield
