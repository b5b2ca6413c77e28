"""Access grants: a tenant opened to an admin whose role counts everywhere."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.kernel.data.tables import Key, TenantOwned, Time
from services.tenant_registry.models.declare import Base


class AccessGrant(TenantOwned, Base):
    """A tenant opened to one admin for a while; never changed or removed."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint(
            "expire_time > create_time AND expire_time <= create_time + interval '15 minutes'",
            name="time",
        ),
        Index("ix_access_grant_create_time", "tenant_id", "create_time", "access_grant_id"),
        Index("ix_access_grant_admin_id", "tenant_id", "admin_id", "expire_time"),
        {"info": {"scope": "tenant"}},
    )

    tenant_id: Mapped[str] = mapped_column(
        Key, ForeignKey("tenant.tenant_id"), primary_key=True, sort_order=-1
    )
    access_grant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"))
    reason: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    expire_time: Mapped[datetime] = mapped_column(Time)
    end: Mapped["AccessGrantEnd | None"] = relationship(lazy="joined")

    def is_open(self, now: datetime) -> bool:
        return self.end is None and self.create_time <= now < self.expire_time


class AccessGrantEnd(TenantOwned, Base):
    """The early end of an access grant, in a row of its own, also never changed."""

    __tablename__ = "access_grant_end"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "access_grant_id"],
            ["access_grant.tenant_id", "access_grant.access_grant_id"],
        ),
        {"info": {"scope": "tenant"}},
    )

    access_grant_id: Mapped[str] = mapped_column(Key, primary_key=True)
    ended_by: Mapped[str] = mapped_column(Text)
    end_time: Mapped[datetime] = mapped_column(Time)
