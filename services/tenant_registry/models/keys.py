"""Keys that give machines and storefronts access to one tenant."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.tables import Key, TenantOwned, Time
from services.tenant_registry.models.declare import Base


class ApiKey(TenantOwned, Base):
    """A key of one tenant, by its digest, which is looked up across all tenants.

    Its row stays, because events refer to it: `delete_time` only takes a revoked key off the list.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("kind IN ('SECRET', 'PUBLISHABLE')", name="kind"),
        Index("ix_api_key_tenant_id", "tenant_id", "create_time", "key_id"),
        {"info": {"scope": "platform"}},
    )

    tenant_id: Mapped[str] = mapped_column(Key, ForeignKey("tenant.tenant_id"))
    key_id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    prefix: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    creator: Mapped[str] = mapped_column(Text)
    revoker: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    expire_time: Mapped[datetime | None] = mapped_column(Time)
    last_use_time: Mapped[datetime | None] = mapped_column(Time)
    revoke_time: Mapped[datetime | None] = mapped_column(Time)
    # When its title last changed.
    retitle_time: Mapped[datetime | None] = mapped_column(Time)
    delete_time: Mapped[datetime | None] = mapped_column(Time)
