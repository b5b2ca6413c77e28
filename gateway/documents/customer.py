"""Customers, and what shoppers send about their own accounts."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.commerce.v1.store_customer_service_pb2 import Customer, LoginRequest, RegisterRequest

from gateway.documents.account import NewPassword
from gateway.documents.scalars import CreatedAt, Id, Metadata, UpdatedAt
from gateway.documents.session import PASSWORD_BYTES
from gateway.medusa.shapes import Body, Document

Email = Annotated[str, Field(description="Case-insensitive.", examples=["zoe@example.com"])]


class CustomerRegistration(Body[RegisterRequest]):
    """An e-mail address and a password for an account."""

    email: Email
    password: NewPassword


class CustomerCredentials(Body[LoginRequest]):
    """The e-mail address and the password of an account."""

    email: Email
    password: str = Field(description=PASSWORD_BYTES)


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


class CustomerDocument(Document[Customer]):
    """Somebody who buys in the shop."""

    id: Id
    email: str
    first_name: str | None
    last_name: str | None
    company_name: str | None
    phone: str | None
    metadata: Metadata | None
    created_at: CreatedAt
    updated_at: UpdatedAt
