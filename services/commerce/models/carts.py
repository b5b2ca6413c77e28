"""Carts: one row each, since a cart is read and changed as a whole."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class Cart(TenantOwned, Base):
    """A cart: what is in it, and the document that its shopper reads."""

    __tablename__ = "cart"
    __table_args__ = unaudited_rows(
        Index("ix_cart_customer", "tenant_id", "customer_id"),
        Index("ix_cart_payment_collection", "tenant_id", "payment_collection_id"),
        Index("ix_cart_expiry", "tenant_id", "expire_time"),
    )

    cart_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(Key)
    payment_collection_id: Mapped[str | None] = mapped_column(Key)
    attempt_id: Mapped[str | None] = mapped_column(Key)
    """Who is about to make an order of it: until that is over, nobody changes the cart."""
    order_id: Mapped[str | None] = mapped_column(Key)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
    expire_time: Mapped[datetime] = mapped_column(Time)
    complete_time: Mapped[datetime | None] = mapped_column(Time)
