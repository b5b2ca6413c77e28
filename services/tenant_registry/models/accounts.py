"""Credentials besides the password: reset tokens, second factors, and identities."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.tables import Key, Time
from services.tenant_registry.models.declare import Base


class PasswordReset(Base):
    """A token that sets a new password, by its hash. Using it removes it."""

    __tablename__ = "password_reset"
    __table_args__ = ({"info": {"scope": "platform"}},)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), index=True)
    end_time: Mapped[datetime] = mapped_column(Time)


class SecondFactor(Base):
    """An admin's secret for time-based codes; required once it is confirmed."""

    __tablename__ = "second_factor"
    __table_args__ = ({"info": {"scope": "platform"}},)

    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    confirm_time: Mapped[datetime | None] = mapped_column(Time)


class RecoveryCode(Base):
    """A recovery code for a lost device, by its hash. Using it removes it."""

    __tablename__ = "recovery_code"
    __table_args__ = ({"info": {"scope": "platform"}},)

    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class AdminIdentity(Base):
    """The identity by which a provider knows an admin."""

    __tablename__ = "admin_identity"
    __table_args__ = ({"info": {"scope": "platform"}},)

    provider: Mapped[str] = mapped_column(Key, primary_key=True)
    subject: Mapped[str] = mapped_column(Key, primary_key=True)
    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), index=True)
    create_time: Mapped[datetime] = mapped_column(Time)
