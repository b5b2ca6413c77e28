"""Queries on admins, their credentials and their invites, all through the platform's door."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.data.pages import Page
from services.tenant_registry.models import (
    Admin,
    AdminIdentity,
    Assignment,
    Invite,
    PasswordReset,
    RecoveryCode,
    SecondFactor,
)
from services.tenant_registry.roles.holder_queries import not_ended

INVITES_LIMIT = 200


async def admin_with_email(
    session: AsyncSession, email: str, *, lock: bool = False
) -> Admin | None:
    statement = select(Admin).where(Admin.email == email)
    row: Admin | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row


async def lock_admin(session: AsyncSession, admin_id: str) -> Admin:
    """Reads and locks an admin."""
    statement = select(Admin).where(Admin.admin_id == admin_id).with_for_update()
    return (await session.scalars(statement.execution_options(populate_existing=True))).one()


async def owner_of_reset(
    session: AsyncSession, token_hash: bytes, *, now: datetime
) -> Admin | None:
    """Finds the active admin that an unexpired reset token belongs to."""
    row: Admin | None = await session.scalar(
        select(Admin)
        .join(PasswordReset, PasswordReset.admin_id == Admin.admin_id)
        .where(
            PasswordReset.token_hash == token_hash,
            PasswordReset.end_time > now,
            Admin.deactivate_time.is_(None),
        )
    )
    return row


async def use_reset(session: AsyncSession, token_hash: bytes) -> bool:
    """Removes a reset token; returns whether this call removed it."""
    removed = await session.execute(
        delete(PasswordReset).where(PasswordReset.token_hash == token_hash)
    )
    return isinstance(removed, CursorResult) and removed.rowcount == 1


async def delete_resets(session: AsyncSession, admin_id: str) -> None:
    await session.execute(delete(PasswordReset).where(PasswordReset.admin_id == admin_id))


async def second_factor(session: AsyncSession, admin_id: str) -> SecondFactor | None:
    """Reads and locks a second factor, so that its codes are used one at a time."""
    row: SecondFactor | None = await session.scalar(
        select(SecondFactor).where(SecondFactor.admin_id == admin_id).with_for_update()
    )
    return row


async def use_recovery_code(session: AsyncSession, admin_id: str, code_hash: bytes) -> bool:
    """Removes a recovery code; returns whether it existed. The second factor must be locked."""
    row = await session.get(RecoveryCode, (admin_id, code_hash))
    if row is None:
        return False
    await session.delete(row)
    return True


async def delete_second_factor(session: AsyncSession, admin_id: str) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    await session.execute(delete(SecondFactor).where(SecondFactor.admin_id == admin_id))


def admins_of_tenant(tenant: str, *, now: datetime) -> ColumnElement[bool]:
    """Selects holders of a role at a tenant itself, now or later; not of one given everywhere."""
    assigned = select(Assignment.admin_id).where(Assignment.tenant_id == tenant, not_ended(now))
    return Admin.admin_id.in_(assigned) & Admin.deactivate_time.is_(None)


async def page_of_admins(
    session: AsyncSession, condition: ColumnElement[bool], page: Page
) -> Sequence[Admin]:
    return (await session.scalars(page.of(select(Admin).where(condition), Admin.admin_id))).all()


async def number_of_admins(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(Admin).where(condition)
    return (await session.scalar(statement)) or 0


async def roles_at(
    session: AsyncSession, tenant: str, admins: Sequence[Admin], *, now: datetime
) -> dict[str, list[str]]:
    """Reads the sorted ids of the roles that admins hold at a tenant, now or later."""
    statement = select(Assignment.admin_id, Assignment.role_id).where(
        Assignment.tenant_id == tenant,
        Assignment.admin_id.in_([admin.admin_id for admin in admins]),
        not_ended(now),
    )
    role_ids: dict[str, set[str]] = {}
    for admin_id, role_id in (await session.execute(statement)).all():
        role_ids.setdefault(admin_id, set()).add(role_id)
    return {admin_id: sorted(roles) for admin_id, roles in role_ids.items()}


async def number_of_open_invites(
    session: AsyncSession, tenant: str | None, *, now: datetime
) -> int:
    statement = select(func.count()).select_from(Invite).where(is_open_invite_at(tenant, now))
    return (await session.scalar(statement)) or 0


async def open_invites_to(session: AsyncSession, email: str, *, now: datetime) -> Sequence[Invite]:
    """Reads and locks the open invites of all places to an address."""
    statement = select(Invite).where(Invite.email == email, _is_invite_open(now))
    return (await session.scalars(statement.order_by(Invite.invite_id).with_for_update())).all()


async def open_invite(
    session: AsyncSession, invite_id: str, tenant: str | None, *, now: datetime, lock: bool = False
) -> Invite | None:
    statement = select(Invite).where(Invite.invite_id == invite_id, is_open_invite_at(tenant, now))
    row: Invite | None = await session.scalar(statement.with_for_update() if lock else statement)
    return row


async def open_invite_of_token(
    session: AsyncSession, token_hash: bytes, *, now: datetime, lock: bool = False
) -> Invite | None:
    """Finds the open invite of a token; `lock` makes sure that it is accepted once."""
    statement = select(Invite).where(Invite.token_hash == token_hash, _is_invite_open(now))
    if lock:
        statement = statement.with_for_update()
    row: Invite | None = await session.scalar(statement)
    return row


def is_open_invite_at(tenant: str | None, now: datetime) -> ColumnElement[bool]:
    """Selects the open invites of a tenant; without one, those to roles that count everywhere."""
    place = Invite.tenant_id.is_(None) if tenant is None else Invite.tenant_id == tenant
    return place & _is_invite_open(now)


def _is_invite_open(now: datetime) -> ColumnElement[bool]:
    return Invite.accept_time.is_(None) & (Invite.end_time > now)


async def subject_of(session: AsyncSession, provider: str, admin_id: str) -> str | None:
    """Returns the subject by which a provider knows an admin."""
    subject: str | None = await session.scalar(
        select(AdminIdentity.subject).where(
            AdminIdentity.provider == provider, AdminIdentity.admin_id == admin_id
        )
    )
    return subject
