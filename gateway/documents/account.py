"""What admins send about their own accounts: passwords and second factors."""

from typing import Annotated

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.account_service_pb2 import (
    ChangePasswordRequest,
    ConfirmTotpRequest,
    ConfirmTotpResponse,
    CreateTotpRequest,
    CreateTotpResponse,
    DeleteTotpRequest,
    ResetPasswordRequest,
    SetPasswordRequest,
)

from gateway.documents.session import PASSWORD_BYTES
from gateway.medusa.shapes import Body, Document, From

NewPassword = Annotated[
    str,
    Field(description=f"At least 12 characters, and not the e-mail address. {PASSWORD_BYTES}"),
]


class Success(BaseModel):
    success: bool


class PasswordChange(Body[ChangePasswordRequest]):
    current_password: str
    new_password: NewPassword


class PasswordForgotten(Body[ResetPasswordRequest]):
    identifier: Annotated[str, From("email")] = Field(description="The admin's e-mail address.")


class PasswordSet(Body[SetPasswordRequest]):
    password: NewPassword
    token: str | None = Field(
        default=None,
        description="The token from the e-mail, unless it is sent as Bearer.",
    )


class Proof(Body[CreateTotpRequest]):
    password: str


class Code(Body[ConfirmTotpRequest]):
    code: str = Field(description="Six digits.")


class Proofs(Body[DeleteTotpRequest]):
    password: str
    code: str = Field(description="Six digits, or a recovery code.")


class SecretAnswer(Document[CreateTotpResponse]):
    secret: str = Field(description="The secret in base32.")
    uri: str = Field(description="An otpauth://totp/… URI to show as a QR code.")


class CodesAnswer(Document[ConfirmTotpResponse]):
    recovery_codes: list[str] = Field(description="Ten codes, each usable once; shown only now.")
