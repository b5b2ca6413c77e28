"""Admins' passwords: changed with the current password, or reset by e-mail."""

from typing import Annotated

from fastapi import Path, Request, Response

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, anonymous_scope
from gateway.clients import ClientsOf
from gateway.documents.account import PasswordChange, PasswordForgotten, PasswordSet, Success
from gateway.identity.principals import bearer_of
from gateway.identity.scopes import AccountScope
from gateway.medusa import responses
from gateway.medusa.router import Router
from services.kernel.call.scope import bound

PASSWORD_PROVIDER = "emailpass"  # noqa: S105 - a name

ProviderName = Annotated[str, Path(max_length=40, description="emailpass, or another provider.")]

router = Router(**AUTH)


@router.post(
    "/admin/users/me/password",
    summary="Change the password",
    responses=responses.documented(Success, "The password is changed."),
)
async def change_password(
    scope: AccountScope, clients: ClientsOf, body: PasswordChange
) -> Response:
    """Changes the admin's own password and ends all their other sessions."""
    await clients.accounts.ChangePassword(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.answer({"success": True})


@router.post(
    "/auth/user/{provider}/reset-password",
    summary="Request a password reset",
    status_code=201,
    responses=responses.documented(
        Success, "The request is accepted; the response is the same for every address.", status=201
    ),
)
async def request_password_reset(
    request: Request, provider: ProviderName, body: PasswordForgotten, clients: ClientsOf
) -> Response:
    """E-mails a reset token to an admin; the response is the same for an unknown address.

    Only `emailpass` has passwords: for other providers nothing happens.
    """
    if provider == PASSWORD_PROVIDER:
        with bound(anonymous_scope(request)):
            await clients.accounts.ResetPassword(body.to_message())
    return responses.answer({"success": True}, status=201)


@router.post(
    "/auth/user/emailpass/update",
    summary="Set a new password",
    responses=responses.documented(Success, "The new password is set."),
)
async def set_password(request: Request, body: PasswordSet, clients: ClientsOf) -> Response:
    """Sets a new password with the token from the e-mail, sent as Bearer or in the body."""
    if body.token is None:
        body.token = bearer_of(request).decode("latin-1")
    with bound(anonymous_scope(request)):
        await clients.accounts.SetPassword(body.to_message(), timeout=LOGIN_SECONDS)
    return responses.answer({"success": True})
