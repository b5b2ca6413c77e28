"""Medusa's customers, as the staff of the request's tenant see them."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.customer_service_pb2 import (
    CreateCustomerRequest,
    DeleteCustomerRequest,
    GetCustomerRequest,
    ListCustomersRequest,
    UpdateCustomerRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.customer import (
    CustomerOfStaff,
    CustomerOfStaffCreate,
    CustomerUpdate,
    ErasureDocument,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Flag, Id, Many, One, Text, times
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

_NAMES = ("first_name", "last_name", "company_name")
CUSTOMERS = Resource(
    "customer",
    "customers",
    CustomerOfStaff,
    Query(
        filters={
            "q": Text(most_characters(ListCustomersRequest, "query")),
            "id": Many(most_entries(ListCustomersRequest, "customers"), of=Id()),
            "email": Many(most_entries(ListCustomersRequest, "emails"), of=One(254)),
            **{name: One(most_characters(ListCustomersRequest, name)) for name in _NAMES},
            "has_account": Flag(),
            "groups": Many(most_entries(ListCustomersRequest, "groups"), of=Id()),
            **times("created_at", "updated_at"),
        },
        order=("created_at", "updated_at", "email", "first_name", "last_name", "id"),
    ),
)
CustomerQuery = Annotated[ParsedQuery, Depends(CUSTOMERS.query_of_answer)]

router = Router(
    prefix="/admin/customers",
    tags=["Orders"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CustomerOfStaffAnswer(BaseModel):
    customer: CustomerOfStaff


class CustomersAnswer(Envelope):
    customers: list[CustomerOfStaff]


class CustomerErased(responses.Deleted):
    """The confirmation that a customer is erased."""

    receipt: ErasureDocument


CUSTOMER = responses.documented(CustomerOfStaffAnswer, "The customer.")


@router.get(
    "",
    summary="List customers",
    responses=responses.documented(CustomersAnswer, "A page of customers."),
    openapi_extra=CUSTOMERS.documented_list,
)
async def list_customers(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the customers of the request's tenant, oldest first; at most 10,000 are counted.

    `q` is an id, or how an e-mail address begins.
    """
    query, tenant = CUSTOMERS.list_query(request), f"tenants/{scope.tenant}"
    found = await clients.staffs_customers.ListCustomers(
        ListCustomersRequest(
            parent=tenant,
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            customers=[customer_name(scope, id_) for id_ in query.many("id")],
            emails=query.many("email"),
            **{name: query.one(name) for name in _NAMES},
            has_account=query.flag("has_account"),
            groups=[f"{tenant}/customerGroups/{id_}" for id_ in query.many("groups")],
            created_at=query.time_range("created_at"),
            updated_at=query.time_range("updated_at"),
        )
    )
    return CUSTOMERS.page(query, found.customers, count=found.total_size)


@router.post(
    "",
    summary="Create a customer without an account",
    responses=CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def create_customer_of_staff(
    scope: CurrentScope,
    query: CustomerQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CustomerOfStaffCreate,
) -> Response:
    """Creates a customer who cannot log in. Whoever registers with the address stays apart."""
    customer = await clients.staffs_customers.CreateCustomer(
        CreateCustomerRequest(
            parent=f"tenants/{scope.tenant}", customer=body.to_message(), request_id=key
        )
    )
    return CUSTOMERS.one(query, customer)


@router.get(
    "/{customer_id}",
    summary="Get a customer",
    responses=CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def get_customer(
    customer_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one customer of the request's tenant."""
    query = CUSTOMERS.one_query(request)
    customer = await clients.staffs_customers.GetCustomer(
        GetCustomerRequest(name=customer_name(scope, customer_id))
    )
    return CUSTOMERS.one(query, customer)


@router.post(
    "/{customer_id}",
    summary="Update a customer",
    responses=CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def update_customer(
    customer_id: str,
    scope: CurrentScope,
    query: CustomerQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: CustomerUpdate,
) -> Response:
    """Updates the fields in the body. The e-mail address stays."""
    change = body.to_message(name=customer_name(scope, customer_id), etag=etag)
    customer = await clients.staffs_customers.UpdateCustomer(
        UpdateCustomerRequest(customer=change, update_mask=body.to_mask())
    )
    return CUSTOMERS.one(query, customer)


@router.delete(
    "/{customer_id}",
    summary="Erase a customer",
    responses=responses.documented(CustomerErased, "The customer is erased."),
)
async def erase_customer(
    customer_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Erases a customer for good, on their request; `receipt` says what, as its event does.

    Names, addresses, account and carts go, and what their orders say of them. The orders stay, with
    what was bought at which price, and in which country.
    """
    erasure = await clients.staffs_customers.DeleteCustomer(
        DeleteCustomerRequest(name=customer_name(scope, customer_id), etag=etag)
    )
    return responses.deleted("customer", customer_id, receipt=ErasureDocument.to_json(erasure))


def customer_name(scope: Scope, customer_id: str) -> str:
    return f"tenants/{scope.tenant}/customers/{customer_id}"
