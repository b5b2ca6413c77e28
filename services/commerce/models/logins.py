"""Customers' logins: their sessions, counts of attempts, and tokens that were mailed."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class CustomerSession(TenantOwned, Base):
    """A login: the tokens that name it count as long as it is there, and until `end_time`."""

    __tablename__ = "customer_session"
    __table_args__ = unaudited_rows(
        ForeignKeyConstraint(
            ["tenant_id", "identity_id"],
            ["identity.tenant_id", "identity.identity_id"],
            ondelete="CASCADE",
        ),
        Index("ix_customer_session_identity", "tenant_id", "identity_id", "end_time"),
        Index("ix_customer_session_end", "tenant_id", "end_time"),
    )

    session_id: Mapped[str] = mapped_column(Key, primary_key=True)
    identity_id: Mapped[str] = mapped_column(Key)
    end_time: Mapped[datetime] = mapped_column(Time)


class LoginAttempt(TenantOwned, Base):
    """How often something was tried or mailed within one time window, which ends at `end_time`."""

    __tablename__ = "login_attempt"
    __table_args__ = unaudited_rows(Index("ix_login_attempt_end", "tenant_id", "end_time"))

    account_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    end_time: Mapped[datetime] = mapped_column(Time)


class UnknownLogin(TenantOwned, Base):
    """How often nobody's account was tried since the last event about that."""

    __tablename__ = "unknown_login"
    __table_args__ = unaudited_rows()

    method: Mapped[str] = mapped_column(Key, primary_key=True)
    reason: Mapped[str] = mapped_column(Key, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)


class PasswordReset(TenantOwned, Base):
    """A token that was mailed, for a new password."""

    __tablename__ = "password_reset"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "identity_id"], ["identity.tenant_id", "identity.identity_id"]
        ),
        Index("ix_password_reset_identity", "tenant_id", "identity_id"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    identity_id: Mapped[str] = mapped_column(Key)
    end_time: Mapped[datetime] = mapped_column(Time)
