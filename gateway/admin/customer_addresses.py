"""The addresses of a customer, as the staff of the request's tenant see them."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.commerce.v1.customer_service_pb2 import (
    CreateAddressRequest,
    DeleteAddressRequest,
    GetCustomerRequest,
    UpdateAddressRequest,
)

from gateway.admin.customers import CUSTOMER, CUSTOMERS, CustomerQuery, customer_name
from gateway.clients import ClientsOf
from gateway.documents.customer import AddressCreate, AddressDocument, CustomerOfStaff
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.errors import NotFound

ADDRESSES = Resource("address", "addresses", AddressDocument, Query())

router = Router(
    prefix="/admin/customers/{customer_id}/addresses",
    tags=["Orders"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CustomersAddressAnswer(BaseModel):
    address: AddressDocument


class CustomersAddressesAnswer(Envelope):
    addresses: list[AddressDocument]


class CustomersAddressDeleted(responses.Deleted):
    """The confirmation that an address is gone, with the customer whose it was."""

    parent: CustomerOfStaff


@router.get(
    "",
    summary="List a customer's addresses",
    responses=responses.documented(CustomersAddressesAnswer, "A page of addresses."),
    openapi_extra=ADDRESSES.documented_list,
)
async def list_customers_addresses(
    customer_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Lists a customer's addresses, oldest first."""
    query = ADDRESSES.list_query(request)
    customer = await clients.staffs_customers.GetCustomer(
        GetCustomerRequest(name=customer_name(scope, customer_id))
    )
    page = customer.addresses[query.offset : query.offset + query.limit]
    return ADDRESSES.page(query, page, count=len(customer.addresses))


@router.post(
    "",
    summary="Add an address to a customer",
    responses=CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def create_customers_address(
    customer_id: str,
    scope: CurrentScope,
    query: CustomerQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: AddressCreate,
) -> Response:
    """Adds an address; the answer is the customer."""
    customer = await clients.staffs_customers.CreateAddress(
        CreateAddressRequest(
            parent=customer_name(scope, customer_id), address=body.to_message(), request_id=key
        )
    )
    return CUSTOMERS.one(query, customer)


@router.get(
    "/{address_id}",
    summary="Get a customer's address",
    responses=responses.documented(CustomersAddressAnswer, "The address."),
    openapi_extra=ADDRESSES.documented_one,
)
async def get_customers_address(
    customer_id: str,
    address_id: str,
    request: Request,
    scope: CurrentScope,
    clients: ClientsOf,
) -> Response:
    """Returns one address of a customer."""
    query, owner = ADDRESSES.one_query(request), customer_name(scope, customer_id)
    customer = await clients.staffs_customers.GetCustomer(GetCustomerRequest(name=owner))
    for address in customer.addresses:
        if address.name == f"{owner}/addresses/{address_id}":
            return ADDRESSES.one(query, address)
    raise NotFound("ADDRESS_NOT_FOUND", f"No such address: {address_id[:100]}")


@router.post(
    "/{address_id}",
    summary="Update a customer's address",
    responses=CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def update_customers_address(
    customer_id: str,
    address_id: str,
    scope: CurrentScope,
    query: CustomerQuery,
    clients: ClientsOf,
    body: AddressCreate,
) -> Response:
    """Updates the fields in the body; the answer is the customer."""
    name = f"{customer_name(scope, customer_id)}/addresses/{address_id}"
    customer = await clients.staffs_customers.UpdateAddress(
        UpdateAddressRequest(address=body.to_message(name=name), update_mask=body.to_mask())
    )
    return CUSTOMERS.one(query, customer)


@router.delete(
    "/{address_id}",
    summary="Delete a customer's address",
    responses=responses.documented(CustomersAddressDeleted, "The address is gone."),
)
async def delete_customers_address(
    customer_id: str, address_id: str, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Removes an address; `parent` is the customer with those that are left."""
    name = f"{customer_name(scope, customer_id)}/addresses/{address_id}"
    customer = await clients.staffs_customers.DeleteAddress(DeleteAddressRequest(name=name))
    parent = CustomerOfStaff.to_json(customer)
    return responses.deleted("address", address_id, parent=parent)
