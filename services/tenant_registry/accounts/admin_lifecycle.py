"""Creates, deactivates and activates admins; who may change one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.names import new_id
from services.kernel.call.scope import current_scope
from services.kernel.evidence import audit
from services.tenant_registry.accounts.rules import SessionEnd
from services.tenant_registry.accounts.session_queries import end_sessions
from services.tenant_registry.models import Admin
from services.tenant_registry.roles import assignment_rules, errors, guardians, locking
from services.tenant_registry.roles import messages as role_messages
from services.tenant_registry.roles.assignment_rules import Holder
from services.tenant_registry.roles.locking import ActorAndTarget

# Not a hash, so no password matches; the first password is set through a reset.
NO_PASSWORD = "!"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Activation:
    """An admin who was deactivated or activated, and what they hold before and after."""

    admin: Admin
    before: Holder
    after: Holder
    now: datetime


def new_admin(
    email: str, first_name: str, last_name: str, *, password_hash: str = NO_PASSWORD, now: datetime
) -> Admin:
    """Makes the row of a new admin, who holds nothing yet."""
    return Admin(
        admin_id=new_id("user"),
        email=email,
        first_name=first_name,
        last_name=last_name,
        password_hash=password_hash,
        create_time=now,
        update_time=now,
    )


async def add(session: AsyncSession, admin: Admin) -> Admin:
    """Adds a new admin, and the event of it."""
    session.add(admin)
    await session.flush()
    message = role_messages.admin(admin)
    audit.record(session, resource=message.name, after=message)
    return admin


async def deactivate(
    session: AsyncSession, admin_id: str, *, by: str | None = None, dry: bool = False
) -> Activation:
    """Deactivates an admin, who loses all rights at once; their assignments stay on record.

    Raises:
        PermissionDenied: GRANT_OVER_MORE.
        FailedPrecondition: LAST_GLOBAL_ADMIN or LAST_TENANT_ADMIN.
        NotFound: ADMIN_NOT_FOUND.
    """
    parties = await may_change(session, admin_id, by=by)
    activation = Activation(parties.row, parties.target, parties.target.deactivated(), parties.now)
    if parties.target.active:
        await guardians.keep_guardians(
            session, activation.before, activation.after, now=parties.now
        )
        if not dry:
            _set_deactivated(session, parties, deactivated=parties.now)
    return activation


async def activate(
    session: AsyncSession, admin_id: str, *, by: str | None = None, dry: bool = False
) -> Activation:
    """Reactivates an admin, with the roles that were not revoked; their sessions stay ended.

    Raises:
        PermissionDenied: GRANT_TO_SELF or GRANT_OVER_MORE.
        NotFound: ADMIN_NOT_FOUND.
    """
    parties = await locking.lock_everywhere(session, by or current_scope().actor, admin_id)
    activation = Activation(parties.row, parties.target, parties.target.activated(), parties.now)
    if not parties.target.active:
        with errors.refusals_as_errors():
            assignment_rules.may_restore(parties.actor, parties.target, now=parties.now)
        if not dry:
            await end_sessions(
                session, admin_id, keep="", reason=SessionEnd.DEACTIVATED, now=parties.now
            )
            _set_deactivated(session, parties, deactivated=None)
    return activation


async def may_change(
    session: AsyncSession, admin_id: str, *, by: str | None = None
) -> ActorAndTarget:
    """Locks an admin, and checks that the caller holds no less anywhere and may change them.

    Raises:
        PermissionDenied: GRANT_OVER_MORE.
        NotFound: ADMIN_NOT_FOUND.
    """
    parties = await locking.lock_everywhere(session, by or current_scope().actor, admin_id)
    with errors.refusals_as_errors():
        places = parties.target.places(parties.now)
        assignment_rules.may_act_on(parties.actor, parties.target, places, now=parties.now)
    return parties


def _set_deactivated(
    session: AsyncSession, parties: ActorAndTarget, *, deactivated: datetime | None
) -> None:
    before = role_messages.admin(parties.row)
    parties.row.deactivate_time, parties.row.update_time = deactivated, parties.now
    parties.changed()
    message = role_messages.admin(parties.row)
    audit.record(session, resource=message.name, before=before, after=message)
