"""Orders, as clients name what they want of them."""

from typing import Annotated

from souk.commerce.v1.store_order_service_pb2 import (
    AcceptOrderTransferRequest,
    RequestOrderTransferRequest,
)

from gateway.medusa.shapes import Body, NotInMessage

STATUSES = ("pending", "completed", "draft", "archived", "canceled", "requires_action")


class TransferAsked(Body[RequestOrderTransferRequest]):
    """What a customer says who asks for an order."""

    description: Annotated[str | None, NotInMessage()] = None


class TransferToken(Body[AcceptOrderTransferRequest]):
    """What was mailed to whoever placed an order."""

    token: str
