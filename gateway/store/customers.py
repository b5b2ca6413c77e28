"""`/store/customers` and `/auth/customer`: shoppers with accounts of their own."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.store_customer_service_pb2 import (
    CreateOwnCustomerRequest,
    CustomerToken,
    GetOwnCustomerRequest,
    UpdateOwnCustomerRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.account import Success
from gateway.documents.customer import (
    CustomerCreate,
    CustomerCredentials,
    CustomerDocument,
    CustomerPasswordForgotten,
    CustomerPasswordSet,
    CustomerRegistration,
    CustomerTokenAnswer,
    CustomerUpdate,
)
from gateway.identity.principals import bearer_of
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import ParsedQuery
from gateway.medusa.resource import NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.store.shopper import LoggingIn, OwnAccount, Registering

PASSWORD_PROVIDER = "emailpass"  # noqa: S105 - a name
ProviderName = Annotated[str, Path(max_length=40, description="emailpass, or another provider.")]
CUSTOMERS = Resource("customer", "customers", CustomerDocument)
CustomerQuery = Annotated[ParsedQuery, Depends(CUSTOMERS.query_of_answer)]

router = Router(
    tags=["Customers"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CustomerAnswer(BaseModel):
    customer: CustomerDocument


_TOKEN = responses.documented(CustomerTokenAnswer, "The token.")
_CUSTOMER = responses.documented(CustomerAnswer, "The customer.")


@router.post("/auth/customer/emailpass/register", summary="Register", responses=_TOKEN)
async def register(shop: Registering, clients: ClientsOf, body: CustomerRegistration) -> Response:
    """Makes an identity in this shop; its token is good for making its customer, and no more.

    Returns 401 IDENTITY_EXISTS if the address has one here.
    """
    return _token(await clients.customers.Register(body.to_message(parent=f"tenants/{shop.id}")))


@router.post("/auth/customer/emailpass", summary="Log in as a customer", responses=_TOKEN)
async def log_in(shop: LoggingIn, clients: ClientsOf, body: CustomerCredentials) -> Response:
    """Returns a token for this shop.

    Returns 401 CREDENTIALS_INVALID for a wrong password and an unknown address alike, after the
    same time; 429 LOGIN_LIMITED after ten failures for one address within 15 minutes. Before there
    is a customer, the token is good for making it, and no more.
    """
    return _token(await clients.customers.Login(body.to_message(parent=f"tenants/{shop.id}")))


@router.post(
    "/auth/customer/{provider}/reset-password",
    summary="Request a password reset as a customer",
    status_code=201,
    responses=responses.documented(
        Success, "The request is accepted; the response is the same for every address.", status=201
    ),
)
async def request_customers_password_reset(
    shop: LoggingIn, provider: ProviderName, clients: ClientsOf, body: CustomerPasswordForgotten
) -> Response:
    """E-mails a reset token in the shop's language; the response is the same for every address.

    Only `emailpass` has passwords: for other providers nothing happens.
    """
    if provider == PASSWORD_PROVIDER:
        await clients.customers.ResetPassword(
            body.to_message(
                parent=f"tenants/{shop.id}",
                shop_name=shop.display_name,
                locale=shop.default_locale,
            )
        )
    return responses.answer({"success": True}, status=201)


@router.post(
    "/auth/customer/emailpass/update",
    summary="Set a new password as a customer",
    responses=responses.documented(Success, "The new password is set."),
)
async def set_customers_password(
    request: Request, shop: LoggingIn, clients: ClientsOf, body: CustomerPasswordSet
) -> Response:
    """Sets a new password with the token from the e-mail, sent as Bearer or in the body.

    All sessions from before end, and with them their tokens and cookies.
    """
    if body.token is None:
        body.token = bearer_of(request).decode("latin-1")
    await clients.customers.SetPassword(body.to_message(parent=f"tenants/{shop.id}"))
    return responses.answer({"success": True})


@router.post(
    "/store/customers",
    summary="Create a customer",
    responses=_CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def create_customer(
    account: OwnAccount,
    query: CustomerQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CustomerCreate,
) -> Response:
    """Makes the customer of a registered address. Log in again for a token that names it."""
    made = await clients.customers.CreateOwnCustomer(
        CreateOwnCustomerRequest(
            parent=f"tenants/{account.tenant}", customer=body.to_message(), request_id=key
        )
    )
    return CUSTOMERS.one(query, made)


@router.get(
    "/store/customers/me",
    summary="Get the own customer",
    responses=_CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def get_own_customer(
    account: OwnAccount, query: CustomerQuery, clients: ClientsOf
) -> Response:
    """Returns the customer whose token is sent."""
    found = await clients.customers.GetOwnCustomer(
        GetOwnCustomerRequest(name=account.customer_name)
    )
    return CUSTOMERS.one(query, found)


@router.post(
    "/store/customers/me",
    summary="Update the own customer",
    responses=_CUSTOMER,
    openapi_extra=CUSTOMERS.documented_one,
)
async def update_own_customer(
    account: OwnAccount, query: CustomerQuery, clients: ClientsOf, body: CustomerUpdate
) -> Response:
    """Updates the fields in the body. The e-mail address stays."""
    changed = await clients.customers.UpdateOwnCustomer(
        UpdateOwnCustomerRequest(
            customer=body.to_message(name=account.customer_name), update_mask=body.to_mask()
        )
    )
    return CUSTOMERS.one(query, changed)


def _token(answer: CustomerToken) -> Response:
    return responses.answer({"token": answer.token})
