"""What is kept for carts and orders, as Medusa's reservations."""

from typing import Annotated

from pydantic import Field
from souk.commerce.v1.reservation_service_pb2 import Reservation

from gateway.documents.scalars import CreatedAt, Id, NeverDeleted, Time
from gateway.medusa.shapes import Document, From


class ReservationDocument(Document[Reservation]):
    """Units of an inventory item that are kept for a line of a cart or an order."""

    id: Id = Field(examples=["resitem_01J0000000000000000000000"])
    inventory_item_id: str
    location_id: str
    quantity: int
    line_item_id: str
    order_id: str | None = Field(description="null while the cart is not paid.")
    expires_at: Annotated[Time | None, From("expire_time")] = Field(
        description="From when on others may have them; null for an order's."
    )
    created_at: CreatedAt
    deleted_at: NeverDeleted
