"""Customers, and what shoppers send about their own accounts."""

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, Field
from souk.commerce.v1.customer_group_service_pb2 import (
    ChangeGroupMembersRequest,
    CustomerGroup,
)
from souk.commerce.v1.customer_pb2 import Customer, CustomerAddress
from souk.commerce.v1.customer_service_pb2 import CustomerErasure
from souk.commerce.v1.store_customer_service_pb2 import (
    LoginRequest,
    RegisterRequest,
    ResetPasswordRequest,
    SetPasswordRequest,
)

from gateway.documents.account import NewPassword
from gateway.documents.scalars import (
    CountryCode,
    CreatedAt,
    Etag,
    Id,
    LowerCode,
    Metadata,
    Time,
    UpdatedAt,
)
from gateway.documents.session import PASSWORD_BYTES
from gateway.medusa.shapes import WHOLE, Body, Document, From, NotInMessage, optional
from gateway.medusa.values import last_id

Email = Annotated[str, Field(description="Case-insensitive.", examples=["zoe@example.com"])]


class CustomerRegistration(Body[RegisterRequest]):
    """An e-mail address and a password for an account."""

    email: Email
    password: NewPassword


class CustomerCredentials(Body[LoginRequest]):
    """The e-mail address and the password of an account."""

    email: Email
    password: str = Field(description=PASSWORD_BYTES)


class CustomerPasswordForgotten(Body[ResetPasswordRequest]):
    identifier: Annotated[str, From("email")] = Field(description="The customer's e-mail address.")


class CustomerPasswordSet(Body[SetPasswordRequest]):
    password: NewPassword
    token: str | None = Field(
        default=None, description="The token from the e-mail, unless it is sent as Bearer."
    )


class CustomerTokenAnswer(BaseModel):
    token: str = Field(description="A JWT for `Authorization: Bearer …` in this shop, for a day.")


class CustomerUpdate(Body[Customer]):
    """The fields of a customer to update. null clears a field."""

    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    phone: str | None = None
    metadata: Metadata | None = None


class CustomerCreate(CustomerUpdate):
    """The customer of an identity."""

    email: str = Field(description="The address that was registered.")


class AddressCreate(Body[CustomerAddress]):
    """An address to add to a customer, or the fields of one to update. null clears a field."""

    address_name: Annotated[str | None, From("label")] = None
    is_default_shipping: bool = optional(description="The former default is one no more.")
    is_default_billing: bool = optional(description="As above.")
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    country_code: CountryCode | None = None
    province: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    metadata: Metadata | None = None


def _customer_id(address: CustomerAddress) -> str:
    return address.name.split("/")[3]


class AddressDocument(Document[CustomerAddress]):
    """Where a customer has things sent."""

    id: Id
    customer_id: Annotated[str, From(WHOLE, _customer_id)]
    address_name: Annotated[str | None, From("label")]
    is_default_shipping: bool
    is_default_billing: bool
    first_name: str | None
    last_name: str | None
    company: str | None
    address_1: str | None
    address_2: str | None
    city: str | None
    country_code: LowerCode | None
    province: str | None
    postal_code: str | None
    phone: str | None
    metadata: Metadata | None
    created_at: CreatedAt
    updated_at: UpdatedAt


def _group(name: str) -> dict[str, str]:
    return {"id": last_id(name)}


def _default(flag: str) -> Callable[[Customer], str | None]:
    """Returns what finds the id of a customer's default address."""

    def default(customer: Customer) -> str | None:
        found = (last_id(one.name) for one in customer.addresses if getattr(one, flag))
        return next(found, None)

    return default


class CustomerDocument(Document[Customer]):
    """Somebody who buys in the shop."""

    id: Id
    email: str
    has_account: bool
    default_shipping_address_id: Annotated[str | None, From(WHOLE, _default("is_default_shipping"))]
    default_billing_address_id: Annotated[str | None, From(WHOLE, _default("is_default_billing"))]
    addresses: list[AddressDocument]
    first_name: str | None
    last_name: str | None
    company_name: str | None
    phone: str | None
    metadata: Metadata | None
    created_at: CreatedAt
    updated_at: UpdatedAt


class CustomerOfStaffCreate(CustomerUpdate):
    """A customer without an account."""

    email: Email


class GroupOfCustomer(BaseModel):
    id: str


class CustomerOfStaff(CustomerDocument):
    """A customer, as staff see them."""

    groups: Annotated[list[GroupOfCustomer], From(read=_group)]
    etag: Etag


class ErasureDocument(Document[CustomerErasure]):
    """What was erased of a customer."""

    orders: int = Field(description="How many orders no longer say whose they are.")
    carts: int = Field(description="How many carts are gone.")
    addresses: int = Field(description="How many addresses are gone.")
    erased_at: Annotated[Time, From("erase_time")]


class GroupDocument(Document[CustomerGroup]):
    """Some of a tenant's customers."""

    id: Id
    name: Annotated[str, From("display_name")]
    metadata: Metadata | None
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt


class GroupUpdate(Body[CustomerGroup]):
    """The fields of a group to update."""

    name: Annotated[str, From("display_name")] = optional(description="Not empty.")
    metadata: Metadata | None = None


class GroupCreate(GroupUpdate):
    """A group to create."""

    name: Annotated[str, From("display_name")] = Field(
        description="Not empty; no other group of the tenant has it."
    )


class GroupMembersChange(Body[ChangeGroupMembersRequest]):
    """Who joins and who leaves a group."""

    add: Annotated[list[str] | None, NotInMessage()] = Field(None, description="Ids of customers.")
    remove: Annotated[list[str] | None, NotInMessage()] = Field(
        None, description="Ids of customers."
    )
