"""The second factor of an admin: time-based codes (TOTP)."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.account_service_pb2 import (
    ConfirmTotpRequest,
    CreateTotpRequest,
    DeleteTotpRequest,
)

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, Success
from gateway.clients import ClientsOf
from gateway.identity.scopes import AccountScope
from gateway.medusa import responses

router = APIRouter(prefix="/admin/users/me/totp", **AUTH)


class Proof(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=1024)


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=32, description="Six digits.")


class Proofs(Proof):
    code: str = Field(max_length=32, description="Six digits, or a recovery code.")


class SecretAnswer(BaseModel):
    secret: str = Field(description="The secret in base32.")
    uri: str = Field(description="An otpauth://totp/… URI to show as a QR code.")


class CodesAnswer(BaseModel):
    recovery_codes: list[str] = Field(description="Ten codes, each usable once; shown only now.")


@router.post(
    "",
    summary="Create a second-factor secret",
    responses=responses.documented(SecretAnswer, "The secret."),
)
async def make_secret(scope: AccountScope, clients: ClientsOf, body: Proof) -> Response:
    """Creates a secret for an authenticator app; it takes effect when a first code is confirmed."""
    made = await clients.accounts.CreateTotp(
        CreateTotpRequest(password=body.password), timeout=LOGIN_SECONDS
    )
    return responses.answer({"secret": made.secret, "uri": made.uri})


@router.post(
    "/confirm",
    summary="Turn the second factor on",
    responses=responses.documented(CodesAnswer, "The second factor is on."),
)
async def confirm(scope: AccountScope, clients: ClientsOf, body: Code) -> Response:
    """Turns the second factor on with a first code and returns the recovery codes."""
    confirmed = await clients.accounts.ConfirmTotp(ConfirmTotpRequest(code=body.code))
    return responses.answer({"recovery_codes": list(confirmed.recovery_codes)})


@router.delete(
    "",
    summary="Turn the second factor off",
    responses=responses.documented(Success, "The second factor is off."),
)
async def turn_off(scope: AccountScope, clients: ClientsOf, body: Proofs) -> Response:
    """Turns the second factor off; takes the password and a code."""
    await clients.accounts.DeleteTotp(
        DeleteTotpRequest(password=body.password, code=body.code), timeout=LOGIN_SECONDS
    )
    return responses.answer({"success": True})
