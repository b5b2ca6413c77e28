"""Customers as the contract has them."""

from souk.commerce.v1 import store_customer_service_pb2 as pb

from services.commerce.models import Customer
from services.kernel.data import updates
from services.values.structs import struct_json

TEXTS = ("first_name", "last_name", "company_name", "phone")


def customer(row: Customer) -> pb.Customer:
    message = pb.Customer(
        name=f"tenants/{row.tenant_id}/customers/{row.customer_id}",
        email=row.email,
        etag=updates.etag(row.version),
        **{name: getattr(row, name) for name in TEXTS},
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.extra:
        message.metadata.update(row.extra)
    return message


def put(message: pb.Customer, row: Customer) -> None:
    """Puts what a customer says of themselves into their row."""
    for name in TEXTS:
        setattr(row, name, getattr(message, name))
    row.extra = struct_json(message.metadata) or None
