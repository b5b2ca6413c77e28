"""Customers as the contract has them."""

from collections.abc import Iterable

from souk.commerce.v1 import customer_pb2 as pb

from services.commerce.models import Customer, CustomerAddress
from services.kernel.data import updates
from services.values.structs import struct_json

TEXTS = ("first_name", "last_name", "company_name", "phone")
_OF_ADDRESSES = (
    *("label", "first_name", "last_name", "company", "address_1", "address_2", "city"),
    *("country_code", "province", "postal_code", "phone"),
    *("is_default_shipping", "is_default_billing"),
)


def customer(
    row: Customer, addresses: Iterable[CustomerAddress] = (), group_ids: Iterable[str] = ()
) -> pb.Customer:
    message = pb.Customer(
        name=f"tenants/{row.tenant_id}/customers/{row.customer_id}",
        email=row.email,
        has_account=row.has_account,
        addresses=map(address, addresses),
        groups=(f"tenants/{row.tenant_id}/customerGroups/{group_id}" for group_id in group_ids),
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


def address(row: CustomerAddress) -> pb.CustomerAddress:
    owner = f"tenants/{row.tenant_id}/customers/{row.customer_id}"
    message = pb.CustomerAddress(
        name=f"{owner}/addresses/{row.address_id}",
        **{name: getattr(row, name) for name in _OF_ADDRESSES},
    )
    message.create_time.FromDatetime(row.create_time)
    message.update_time.FromDatetime(row.update_time)
    if row.extra:
        message.metadata.update(row.extra)
    return message


def put_address(message: pb.CustomerAddress, row: CustomerAddress) -> None:
    for name in _OF_ADDRESSES:
        setattr(row, name, getattr(message, name))
    row.extra = struct_json(message.metadata) or None
