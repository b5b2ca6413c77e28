"""Statements about attempts at accounts, and about resets of passwords."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Identity, LoginAttempt, PasswordReset, UnknownLogin

_MOST_COUNTED = 1_000_000
_MOST_FORGOTTEN = 10


async def count_attempt(
    session: AsyncSession, account_hash: bytes, *, window: timedelta, now: datetime
) -> tuple[int, datetime]:
    """Counts one more attempt; returns the number of attempts, and when they count no more."""
    counted, is_over = LoginAttempt, LoginAttempt.end_time <= now
    number = case((is_over, 1), (counted.number < _MOST_COUNTED, counted.number + 1),
                  else_=counted.number)  # fmt: skip
    statement = (
        insert(counted)
        .values(
            tenant_id=session.info["tenant"],
            account_hash=account_hash,
            number=1,
            end_time=now + window,
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "account_hash"],
            set_={
                "number": number,
                "end_time": case((is_over, now + window), else_=counted.end_time),
            },
        )
        .returning(counted.number, counted.end_time)
    )
    attempts, ends = (await session.execute(statement)).one()
    return attempts, ends


async def delete_attempts(session: AsyncSession, account_hash: bytes) -> None:
    await session.execute(delete(LoginAttempt).where(LoginAttempt.account_hash == account_hash))


async def delete_old_attempts(session: AsyncSession, *, now: datetime) -> None:
    """Removes some expired counts: more than can be added between two calls."""
    # In the order in which every transaction locks these rows, so that none waits in a circle.
    old = (
        select(LoginAttempt.account_hash)
        .where(LoginAttempt.end_time <= now)
        .order_by(LoginAttempt.account_hash)
        .limit(_MOST_FORGOTTEN)
        .with_for_update()
    )
    await session.execute(delete(LoginAttempt).where(LoginAttempt.account_hash.in_(old)))


async def count_unknown(session: AsyncSession, *, method: str, reason: str) -> None:
    """Counts a refusal about an account that nobody has."""
    counted = UnknownLogin
    number = case((counted.number < _MOST_COUNTED, counted.number + 1), else_=counted.number)
    await session.execute(
        insert(counted)
        .values(tenant_id=session.info["tenant"], method=method, reason=reason, number=1)
        .on_conflict_do_update(
            index_elements=["tenant_id", "method", "reason"], set_={"number": number}
        )
    )


async def take_unknown(session: AsyncSession) -> Sequence[UnknownLogin]:
    """Removes and returns all counts, of all tenants."""
    statement = (
        select(UnknownLogin)
        .order_by(UnknownLogin.tenant_id, UnknownLogin.method, UnknownLogin.reason)
        .with_for_update()
    )
    counted = (await session.scalars(statement)).all()
    for row in counted:
        await session.delete(row)
    return counted


async def owner_of_reset(
    session: AsyncSession, token_hash: bytes, *, now: datetime
) -> Identity | None:
    """Reads whose password a token that is still good may set."""
    row: Identity | None = await session.scalar(
        select(Identity)
        .join(
            PasswordReset,
            (PasswordReset.tenant_id == Identity.tenant_id)
            & (PasswordReset.identity_id == Identity.identity_id),
        )
        .where(PasswordReset.token_hash == token_hash, PasswordReset.end_time > now)
    )
    return row


async def use_reset(session: AsyncSession, token_hash: bytes) -> bool:
    """Uses a token up; returns whether it was there."""
    used = await session.scalar(
        delete(PasswordReset)
        .where(PasswordReset.token_hash == token_hash)
        .returning(PasswordReset.identity_id)
    )
    return used is not None


async def delete_resets(session: AsyncSession, identity_id: str) -> None:
    await session.execute(delete(PasswordReset).where(PasswordReset.identity_id == identity_id))
