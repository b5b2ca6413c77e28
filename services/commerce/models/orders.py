"""Orders and their payments: what was bought, as it was when it was bought."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class CustomerOrder(TenantOwned, Base):
    """An order; nothing in it changes when the catalogue does."""

    __tablename__ = "customer_order"
    __table_args__ = tenant_rows(
        UniqueConstraint("tenant_id", "display_id"),
        # What makes a cart one order, whoever completes it how often.
        UniqueConstraint("tenant_id", "cart_id"),
        Index("ix_customer_order_customer", "tenant_id", "customer_id", "create_time"),
        Index("ix_customer_order_create_time", "tenant_id", "create_time", "order_id"),
        Index("ix_customer_order_update_time", "tenant_id", "update_time", "order_id"),
        Index("ix_customer_order_status", "tenant_id", "status", "create_time", "order_id"),
        Index("ix_customer_order_email", "tenant_id", "email"),
    )

    order_id: Mapped[str] = mapped_column(Key, primary_key=True)
    display_id: Mapped[int] = mapped_column(BigInteger)
    cart_id: Mapped[str] = mapped_column(Key)
    customer_id: Mapped[str | None] = mapped_column(Key)
    email: Mapped[str] = mapped_column(Key)
    currency_code: Mapped[str] = mapped_column(Key)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Key)
    payment_status: Mapped[str] = mapped_column(Key)
    fulfillment_status: Mapped[str] = mapped_column(Key)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class OrderCounter(TenantOwned, Base):
    """The number of a tenant's last order."""

    __tablename__ = "order_counter"
    __table_args__ = tenant_rows()

    last_display_id: Mapped[int] = mapped_column(BigInteger)


class Payment(TenantOwned, Base):
    """What a provider has promised to pay, or paid, for an order."""

    __tablename__ = "payment"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["customer_order.tenant_id", "customer_order.order_id"]
        ),
        Index("ix_payment_order", "tenant_id", "order_id"),
        Index("ix_payment_create_time", "tenant_id", "create_time", "payment_id"),
    )

    payment_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = mapped_column(Key)
    provider_id: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    currency_code: Mapped[str] = mapped_column(Key)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    captured_minor: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
