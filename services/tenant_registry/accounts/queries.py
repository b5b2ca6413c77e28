"""Queries on accounts, all through the platform's door."""

from datetime import datetime

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import (
    Admin,
    AdminSession,
    PasswordReset,
    RecoveryCode,
    SecondFactor,
)


async def locked(session: AsyncSession, admin_id: str) -> Admin:
    """Reads and locks an admin."""
    statement = select(Admin).where(Admin.admin_id == admin_id).with_for_update()
    return (await session.scalars(statement.execution_options(populate_existing=True))).one()


async def owner_of_reset(
    session: AsyncSession, token_hash: bytes, *, now: datetime
) -> Admin | None:
    """Finds the active admin that an unexpired reset token belongs to."""
    found: Admin | None = await session.scalar(
        select(Admin)
        .join(PasswordReset, PasswordReset.admin_id == Admin.admin_id)
        .where(
            PasswordReset.token_hash == token_hash,
            PasswordReset.end_time > now,
            Admin.deactivate_time.is_(None),
        )
    )
    return found


async def use_reset(session: AsyncSession, token_hash: bytes) -> bool:
    """Removes a reset token; returns whether this call removed it."""
    removed = await session.execute(
        delete(PasswordReset).where(PasswordReset.token_hash == token_hash)
    )
    return isinstance(removed, CursorResult) and removed.rowcount == 1


async def forget_resets(session: AsyncSession, admin_id: str) -> None:
    await session.execute(delete(PasswordReset).where(PasswordReset.admin_id == admin_id))


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


async def second_factor(session: AsyncSession, admin_id: str) -> SecondFactor | None:
    """Reads and locks a second factor, so that its codes are used one at a time."""
    found: SecondFactor | None = await session.scalar(
        select(SecondFactor).where(SecondFactor.admin_id == admin_id).with_for_update()
    )
    return found


async def use_recovery_code(session: AsyncSession, admin_id: str, code_hash: bytes) -> bool:
    """Removes a recovery code; returns whether it existed. The second factor must be locked."""
    row = await session.get(RecoveryCode, (admin_id, code_hash))
    if row is None:
        return False
    await session.delete(row)
    return True


async def forget_second_factor(session: AsyncSession, admin_id: str) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    await session.execute(delete(SecondFactor).where(SecondFactor.admin_id == admin_id))
