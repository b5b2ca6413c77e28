"""Queries on identities, through the platform's door."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.tenant_registry.models import AdminIdentity


async def subject_of(session: AsyncSession, provider: str, admin_id: str) -> str | None:
    """Returns the subject by which a provider knows an admin."""
    found: str | None = await session.scalar(
        select(AdminIdentity.subject).where(
            AdminIdentity.provider == provider, AdminIdentity.admin_id == admin_id
        )
    )
    return found
