"""Requests to hand orders over to customers."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class OrderTransfer(TenantOwned, Base):
    """A customer's request for an order; at most one of an order is open."""

    __tablename__ = "order_transfer"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["customer_order.tenant_id", "customer_order.order_id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]
        ),
        Index(
            "ix_order_transfer_open",
            "tenant_id",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'requested'"),
        ),
        Index("ix_order_transfer_order", "tenant_id", "order_id"),
        Index("ix_order_transfer_customer", "tenant_id", "customer_id"),
    )

    transfer_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = mapped_column(Key)
    customer_id: Mapped[str] = mapped_column(Key)
    state: Mapped[str] = mapped_column(Key)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
