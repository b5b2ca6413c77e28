"""Payments, as Medusa's clients of admins read them."""

from typing import Annotated

import orjson
from pydantic import Field, WithJsonSchema
from souk.commerce.v1.payment_service_pb2 import Payment

from gateway.documents.scalars import CreatedAt, Id, LowerCode
from gateway.medusa.shapes import WHOLE, Document, From
from gateway.medusa.values import last_id
from services.values.money import json_number


def _amount(payment: Payment) -> orjson.Fragment:
    return orjson.Fragment(json_number(payment.amount_minor, payment.currency_code))


def _captured(payment: Payment) -> orjson.Fragment:
    return orjson.Fragment(json_number(payment.captured_minor, payment.currency_code))


_NUMBER = WithJsonSchema({"type": "number"})


class PaymentDocument(Document[Payment]):
    """What a provider has promised to pay for an order, or paid; amounts are in major units."""

    id: Id
    order_id: Annotated[str, From("order", last_id)]
    provider_id: str = Field(examples=["pp_system_default"])
    currency_code: LowerCode
    amount: Annotated[float, From(WHOLE, _amount), _NUMBER]
    captured_amount: Annotated[float, From(WHOLE, _captured), _NUMBER]
    created_at: CreatedAt
