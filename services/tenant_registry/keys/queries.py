"""Queries on API keys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.models import Admin, ApiKey, Assignment


def live(now: datetime) -> ColumnElement[bool]:
    """Selects live keys: neither revoked nor expired at `now`."""
    ends = ApiKey.expire_time
    return and_(ApiKey.revoke_time.is_(None), or_(ends.is_(None), ends > now))


def live_publishable() -> ColumnElement[bool]:
    return and_(ApiKey.kind == "PUBLISHABLE", live(datetime.now(UTC)))


async def own_key(session: AsyncSession, key_id: str, *, lock: bool = False) -> ApiKey | None:
    """Reads a key of the session's tenant."""
    statement = select(ApiKey).where(ApiKey.key_id == key_id)
    found: ApiKey | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def page_of_keys(session: AsyncSession, page: Page) -> tuple[Sequence[ApiKey], int]:
    """Reads a page of the session's tenant's keys, and their total number."""
    rows = (await session.scalars(page.of(select(ApiKey), ApiKey.create_time, ApiKey.key_id))).all()
    return rows, (await session.scalar(select(func.count()).select_from(ApiKey))) or 0


async def number_of_live(session: AsyncSession, tenant_id: str, kind: str, now: datetime) -> int:
    statement = select(func.count()).where(
        ApiKey.tenant_id == tenant_id, ApiKey.kind == kind, live(now)
    )
    return (await session.scalar(statement)) or 0


async def live_secret_key(session: AsyncSession, digest: bytes, now: datetime) -> ApiKey | None:
    """Finds a live secret key of any tenant by its digest."""
    found: ApiKey | None = await session.scalar(
        select(ApiKey).where(ApiKey.digest == digest, ApiKey.kind == "SECRET", live(now))
    )
    return found


async def note_use(session: AsyncSession, key_id: str, now: datetime, *, every: timedelta) -> None:
    """Records when a key was used, unless that was recorded recently."""
    used = ApiKey.last_use_time
    await session.execute(
        update(ApiKey)
        .where(ApiKey.key_id == key_id, or_(used.is_(None), used < now - every))
        .values(last_use_time=now)
    )


async def hold_rights(session: AsyncSession, admin_id: str) -> None:
    """Locks an admin's rights, so that they cannot be taken before this transaction ends."""
    for row, owner in (
        (Admin.admin_id, Admin.admin_id),
        (Assignment.assignment_id, Assignment.admin_id),
    ):
        await session.execute(select(row).where(owner == admin_id).with_for_update(read=True))
