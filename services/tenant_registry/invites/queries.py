"""Queries on invites, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import Invite

MOST = 200


async def open_at(session: AsyncSession, tenant: str | None, *, now: datetime) -> Sequence[Invite]:
    """Lists the open invites of a place, newest first."""
    statement = select(Invite).where(_at(tenant), _is_open(now)).order_by(Invite.invite_id.desc())
    return (await session.scalars(statement.limit(MOST))).all()


async def one_open(
    session: AsyncSession, invite_id: str, tenant: str | None, *, now: datetime
) -> Invite | None:
    found: Invite | None = await session.scalar(
        select(Invite)
        .where(Invite.invite_id == invite_id, _at(tenant), _is_open(now))
        .with_for_update()
    )
    return found


async def with_token(
    session: AsyncSession, token_hash: bytes, *, now: datetime, lock: bool = False
) -> Invite | None:
    """Finds the open invite of a token; `lock` makes sure that it is accepted once."""
    statement = select(Invite).where(Invite.token_hash == token_hash, _is_open(now))
    if lock:
        statement = statement.with_for_update()
    found: Invite | None = await session.scalar(statement)
    return found


def _at(tenant: str | None) -> ColumnElement[bool]:
    return Invite.tenant_id.is_(None) if tenant is None else Invite.tenant_id == tenant


def _is_open(now: datetime) -> ColumnElement[bool]:
    return Invite.accept_time.is_(None) & (Invite.end_time > now)
