"""What is agreed with payment providers that are called, and who is about to order what."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class ProviderSession(TenantOwned, Base):
    """A payment that a provider was asked for: open, dropped (nobody wants it any more) or over."""

    __tablename__ = "provider_session"
    __table_args__ = unaudited_rows(
        UniqueConstraint("tenant_id", "provider_id", "external_id"),
        Index("ix_provider_session_cart", "tenant_id", "cart_id"),
        Index(
            "ix_provider_session_dropped",
            "tenant_id",
            "due_time",
            postgresql_where=text("state = 'dropped'"),
        ),
    )

    session_id: Mapped[str] = mapped_column(Key, primary_key=True)
    cart_id: Mapped[str] = mapped_column(Key)
    provider_id: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str] = mapped_column(Key)
    state: Mapped[str] = mapped_column(Key)
    create_time: Mapped[datetime] = mapped_column(Time)
    due_time: Mapped[datetime] = mapped_column(Time)


class ProviderEvent(TenantOwned, Base):
    """An event of a provider's that was handled."""

    __tablename__ = "provider_event"
    __table_args__ = unaudited_rows()

    provider_id: Mapped[str] = mapped_column(Key, primary_key=True)
    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str] = mapped_column(Key)
    handle_time: Mapped[datetime] = mapped_column(Time)


class Attempt(TenantOwned, Base):
    """A cart that is about to be an order: claimed, then finished or given back."""

    __tablename__ = "attempt"
    __table_args__ = unaudited_rows(
        # A cart is claimed once at a time, whoever completes it.
        Index(
            "ix_attempt_claimed_cart",
            "tenant_id",
            "cart_id",
            unique=True,
            postgresql_where=text("state = 'claimed'"),
        ),
        Index(
            "ix_attempt_due", "tenant_id", "due_time", postgresql_where=text("state = 'claimed'")
        ),
    )

    attempt_id: Mapped[str] = mapped_column(Key, primary_key=True)
    cart_id: Mapped[str] = mapped_column(Key)
    state: Mapped[str] = mapped_column(Key)
    provider_id: Mapped[str] = mapped_column(Key)
    session_id: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str] = mapped_column(Key)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency_code: Mapped[str] = mapped_column(Key)
    digest: Mapped[str] = mapped_column(Key)
    order_id: Mapped[str] = mapped_column(Key)
    order_document: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(Time)
    due_time: Mapped[datetime] = mapped_column(Time)
