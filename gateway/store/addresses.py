"""`/store/customers/me/addresses`: where a customer has things sent."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.commerce.v1.customer_pb2 import CustomerAddress
from souk.commerce.v1.store_customer_service_pb2 import (
    CreateOwnAddressRequest,
    DeleteOwnAddressRequest,
    GetOwnCustomerRequest,
    UpdateOwnAddressRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.customer import AddressCreate, AddressDocument, CustomerDocument
from gateway.identity.shoppers import Account
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.store.customers import CUSTOMERS, CustomerAnswer, CustomerQuery
from gateway.store.shopper import OwnAccount, no_such

ADDRESSES = Resource("address", "addresses", AddressDocument, Query())

router = Router(
    prefix="/store/customers/me/addresses",
    tags=["Customers"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class AddressAnswer(BaseModel):
    address: AddressDocument


class AddressesAnswer(Envelope):
    addresses: list[AddressDocument]


class AddressDeleted(responses.Deleted):
    """The confirmation that an address is gone, with the customer whose it was."""

    parent: CustomerDocument


_CUSTOMER = responses.documented(CustomerAnswer, "The customer.")


@router.get(
    "",
    summary="List the own addresses",
    responses=responses.documented(AddressesAnswer, "A page of addresses."),
    openapi_extra=ADDRESSES.documented_list,
)
async def list_addresses(request: Request, account: OwnAccount, clients: ClientsOf) -> Response:
    """Lists the customer's addresses, oldest first."""
    query = ADDRESSES.list_query(request)
    found = await _all(account, clients)
    page = found[query.offset : query.offset + query.limit]
    return ADDRESSES.page(query, page, count=len(found))


@router.post(
    "",
    summary="Add an address",
    responses=_CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def create_address(
    account: OwnAccount,
    query: CustomerQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: AddressCreate,
) -> Response:
    """Adds an address; the answer is the customer with all of theirs."""
    customer = await clients.customers.CreateOwnAddress(
        CreateOwnAddressRequest(
            parent=account.customer_name, address=body.to_message(), request_id=key
        )
    )
    return CUSTOMERS.one(query, customer)


@router.get(
    "/{address_id}",
    summary="Get an own address",
    responses=responses.documented(AddressAnswer, "The address."),
    openapi_extra=ADDRESSES.documented_one,
)
async def get_address(
    address_id: str, request: Request, account: OwnAccount, clients: ClientsOf
) -> Response:
    """Returns one of the customer's addresses."""
    query = ADDRESSES.one_query(request)
    name = _name(account, address_id)
    for address in await _all(account, clients):
        if address.name == name:
            return ADDRESSES.one(query, address)
    raise no_such("address", address_id)


@router.post(
    "/{address_id}",
    summary="Update an own address",
    responses=_CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def update_address(
    address_id: str,
    account: OwnAccount,
    query: CustomerQuery,
    clients: ClientsOf,
    body: AddressCreate,
) -> Response:
    """Updates the fields in the body; the answer is the customer with all their addresses."""
    address = body.to_message(name=_name(account, address_id))
    customer = await clients.customers.UpdateOwnAddress(
        UpdateOwnAddressRequest(address=address, update_mask=body.to_mask())
    )
    return CUSTOMERS.one(query, customer)


@router.delete(
    "/{address_id}",
    summary="Delete an own address",
    responses=responses.documented(AddressDeleted, "The address is gone."),
)
async def delete_address(address_id: str, account: OwnAccount, clients: ClientsOf) -> Response:
    """Removes an address; `parent` is the customer with those that are left."""
    customer = await clients.customers.DeleteOwnAddress(
        DeleteOwnAddressRequest(name=_name(account, address_id))
    )
    parent = CustomerDocument.to_json(customer)
    return responses.deleted("address", address_id, parent=parent)


async def _all(account: Account, clients: ClientsOf) -> list[CustomerAddress]:
    """Returns the customer's addresses: there are so few that they come with the customer."""
    customer = await clients.customers.GetOwnCustomer(
        GetOwnCustomerRequest(name=account.customer_name)
    )
    return list(customer.addresses)


def _name(account: Account, address_id: str) -> str:
    return f"{account.customer_name}/addresses/{address_id}"
