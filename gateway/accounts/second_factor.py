"""The second factor of an admin: time-based codes (TOTP)."""

from fastapi import Response

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS
from gateway.clients import ClientsOf
from gateway.documents.account import Code, CodesAnswer, Proof, Proofs, SecretAnswer, Success
from gateway.identity.scopes import AccountScope
from gateway.medusa import responses
from gateway.medusa.router import Router

router = Router(prefix="/admin/users/me/totp", **AUTH)


@router.post(
    "",
    summary="Create a second-factor secret",
    responses=responses.documented(SecretAnswer, "The secret."),
)
async def make_secret(scope: AccountScope, clients: ClientsOf, body: Proof) -> Response:
    """Creates a secret for an authenticator app; it takes effect when a first code is confirmed."""
    created = await clients.accounts.CreateTotp(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.answer(SecretAnswer.to_json(created))


@router.post(
    "/confirm",
    summary="Turn the second factor on",
    responses=responses.documented(CodesAnswer, "The second factor is on."),
)
async def confirm(scope: AccountScope, clients: ClientsOf, body: Code) -> Response:
    """Turns the second factor on with a first code and returns the recovery codes."""
    confirmed = await clients.accounts.ConfirmTotp(body.to_message())
    return responses.answer(CodesAnswer.to_json(confirmed))


@router.delete(
    "",
    summary="Turn the second factor off",
    responses=responses.documented(Success, "The second factor is off."),
)
async def turn_off(scope: AccountScope, clients: ClientsOf, body: Proofs) -> Response:
    """Turns the second factor off; takes the password and a code."""
    await clients.accounts.DeleteTotp(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.answer({"success": True})
