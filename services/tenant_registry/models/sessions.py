"""Admin sessions, their refresh tokens, and counts of login attempts."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.tables import Key, Time
from services.tenant_registry.models.declare import Base


class AdminSession(Base):
    """A login session of an admin: the family of its refresh tokens."""

    __tablename__ = "admin_session"
    __table_args__ = ({"info": {"scope": "platform"}},)

    session_id: Mapped[str] = mapped_column(Key, primary_key=True)
    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    use_time: Mapped[datetime] = mapped_column(Time)
    end_time: Mapped[datetime] = mapped_column(Time)
    revoke_time: Mapped[datetime | None] = mapped_column(Time)
    revoke_reason: Mapped[str | None] = mapped_column(Text)

    @classmethod
    def is_live(cls, now: datetime) -> ColumnElement[bool]:
        """Selects the sessions that have not ended."""
        return cls.revoke_time.is_(None) & (cls.end_time > now)


class RefreshToken(Base):
    """A link of a session's token chain, by its hash; the next token is encrypted with this one."""

    __tablename__ = "refresh_token"
    __table_args__ = ({"info": {"scope": "platform"}},)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[str] = mapped_column(
        Key, ForeignKey("admin_session.session_id", ondelete="CASCADE"), index=True
    )
    create_time: Mapped[datetime] = mapped_column(Time)
    use_time: Mapped[datetime | None] = mapped_column(Time)
    successor: Mapped[bytes | None] = mapped_column(LargeBinary)


class Attempt(Base):
    """How often something was tried or mailed within one time window, which ends at `end_time`."""

    __tablename__ = "attempt"
    __table_args__ = ({"info": {"scope": "platform"}},)

    account_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    begin_time: Mapped[datetime] = mapped_column(Time, index=True)
    end_time: Mapped[datetime | None] = mapped_column(Time, index=True)


class UnknownAccountRefusal(Base):
    """How often a call was refused about an account that nobody has, since the last event of it."""

    __tablename__ = "unknown_account_refusal"
    __table_args__ = ({"info": {"scope": "platform"}},)

    method: Mapped[str] = mapped_column(Key, primary_key=True)
    actor: Mapped[str] = mapped_column(Key, primary_key=True)
    reason: Mapped[str] = mapped_column(Key, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
