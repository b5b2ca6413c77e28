"""Roles that are offered and wait to be accepted."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.tables import Key, Time
from services.tenant_registry.models.declare import Base


class Invite(Base):
    """A role offered to an e-mail address, at one tenant or, without a tenant, everywhere."""

    __tablename__ = "invite"
    __table_args__ = ({"info": {"scope": "platform"}},)

    invite_id: Mapped[str] = mapped_column(Key, primary_key=True)
    tenant_id: Mapped[str | None] = mapped_column(Key, ForeignKey("tenant.tenant_id"), index=True)
    email: Mapped[str] = mapped_column(Key, index=True)
    role_id: Mapped[str] = mapped_column(Key, ForeignKey("role.role_id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    end_time: Mapped[datetime] = mapped_column(Time)
    accept_time: Mapped[datetime | None] = mapped_column(Time)
