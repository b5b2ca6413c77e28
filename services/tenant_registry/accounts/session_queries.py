"""Queries on sessions, attempts and refusals, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import (
    AdminSession,
    Attempt,
    RefreshToken,
    UnknownAccountRefusal,
)

_MOST_LISTED = 100
_MOST_FORGOTTEN = 100
_MOST_COUNTED = 1_000_000
_LONGEST_UNDATED = timedelta(minutes=15)


async def end_sessions(
    session: AsyncSession, admin_id: str, *, keep: str, reason: str, now: datetime
) -> None:
    """Ends all of an admin's sessions except `keep`; an empty id keeps none."""
    await session.execute(
        update(AdminSession)
        .where(
            AdminSession.admin_id == admin_id,
            AdminSession.session_id != keep,
            AdminSession.revoke_time.is_(None),
        )
        .values(revoke_time=now, revoke_reason=reason)
    )


async def live_sessions(
    session: AsyncSession, admin_id: str, *, now: datetime
) -> Sequence[AdminSession]:
    """Lists an admin's sessions that have not ended, the newest first."""
    statement = select(AdminSession).where(
        AdminSession.admin_id == admin_id, AdminSession.is_live(now)
    )
    newest = statement.order_by(AdminSession.session_id.desc()).limit(_MOST_LISTED)
    return (await session.scalars(newest)).all()


async def session_of_token(session: AsyncSession, token_hash: bytes) -> AdminSession | None:
    """Finds and locks the session of a refresh token."""
    row: AdminSession | None = await session.scalar(
        select(AdminSession)
        .join(RefreshToken, RefreshToken.session_id == AdminSession.session_id)
        .where(RefreshToken.token_hash == token_hash)
        .with_for_update(of=AdminSession)
    )
    return row


async def is_token_used(session: AsyncSession, token_hash: bytes) -> bool:
    row = await session.get(RefreshToken, token_hash)
    return row is not None and row.use_time is not None


async def forget_ended(session: AsyncSession, admin_id: str, *, before: datetime) -> None:
    """Removes an admin's sessions that ended long ago, with their tokens."""
    await session.execute(
        delete(AdminSession).where(
            AdminSession.admin_id == admin_id, AdminSession.end_time < before
        )
    )


async def count_attempt(
    session: AsyncSession, account_hash: bytes, *, window: timedelta, now: datetime
) -> tuple[int, datetime]:
    """Counts one more attempt; returns the number of attempts, and when they count no more."""
    ends = func.coalesce(Attempt.end_time, Attempt.begin_time + window)
    number = case((ends <= now, 1), (Attempt.number < _MOST_COUNTED, Attempt.number + 1),
                  else_=Attempt.number)  # fmt: skip
    statement = (
        insert(Attempt)
        .values(account_hash=account_hash, number=1, begin_time=now, end_time=now + window)
        .on_conflict_do_update(
            index_elements=["account_hash"],
            set_={
                "number": number,
                "begin_time": case((ends <= now, now), else_=Attempt.begin_time),
                "end_time": case((ends <= now, now + window), else_=ends),
            },
        )
        .returning(Attempt.number, Attempt.end_time)
    )
    counted, end_time = (await session.execute(statement)).one()
    return counted, end_time or now + window


async def delete_attempts(session: AsyncSession, account_hash: bytes) -> None:
    await session.execute(delete(Attempt).where(Attempt.account_hash == account_hash))


async def delete_old_attempts(session: AsyncSession, *, now: datetime) -> None:
    """Removes some expired counts: more than can be added between two calls."""
    is_over = (Attempt.end_time <= now) | (
        Attempt.end_time.is_(None) & (Attempt.begin_time <= now - _LONGEST_UNDATED)
    )
    # In the order in which every transaction locks these rows, so that none waits in a circle.
    old = (
        select(Attempt.account_hash)
        .where(is_over)
        .order_by(Attempt.account_hash)
        .limit(_MOST_FORGOTTEN)
        .with_for_update()
    )
    await session.execute(delete(Attempt).where(Attempt.account_hash.in_(old)))


async def count_unknown_account(
    session: AsyncSession, *, method: str, actor: str, reason: str
) -> None:
    counted = UnknownAccountRefusal
    number = case((counted.number < _MOST_COUNTED, counted.number + 1), else_=counted.number)
    await session.execute(
        insert(counted)
        .values(method=method, actor=actor, reason=reason, number=1)
        .on_conflict_do_update(
            index_elements=["method", "actor", "reason"], set_={"number": number}
        )
    )


async def take_unknown_accounts(session: AsyncSession) -> Sequence[UnknownAccountRefusal]:
    """Removes and returns all counts."""
    counted = (await session.scalars(select(UnknownAccountRefusal).with_for_update())).all()
    for row in counted:
        await session.delete(row)
    return counted
