"""Admins' passwords: changed with the current password, or reset by e-mail."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.account_service_pb2 import (
    ChangePasswordRequest,
    ResetPasswordRequest,
    SetPasswordRequest,
)

from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, Success, strangers_scope
from gateway.clients import ClientsOf
from gateway.identity.principals import bearer_of
from gateway.identity.scopes import AccountScope
from gateway.medusa import responses
from services.kernel.call.scope import bound

router = APIRouter(**AUTH)

NEW_PASSWORD = Field(
    max_length=1024,
    description="At least 12 characters, at most 1,024 bytes, and not the e-mail address.",
)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=1024)
    new_password: str = NEW_PASSWORD


class PasswordForgotten(BaseModel):
    model_config = ConfigDict(extra="forbid")

    identifier: str = Field(max_length=254, description="The admin's e-mail address.")


class PasswordSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = NEW_PASSWORD
    token: str | None = Field(
        default=None,
        max_length=100,
        description="The token from the e-mail, unless it is sent as Bearer.",
    )


@router.post(
    "/admin/users/me/password",
    summary="Change the password",
    responses=responses.documented(Success, "The password is changed."),
)
async def change_password(
    scope: AccountScope, clients: ClientsOf, body: PasswordChange
) -> Response:
    """Changes the admin's own password and ends all their other sessions."""
    await clients.accounts.ChangePassword(
        ChangePasswordRequest(
            current_password=body.current_password, new_password=body.new_password
        ),
        timeout=LOGIN_SECONDS,
    )
    return responses.answer({"success": True})


@router.post(
    "/auth/user/emailpass/reset-password",
    summary="Request a password reset",
    status_code=201,
    responses=responses.documented(
        Success, "The request is accepted; the response is the same for every address.", status=201
    ),
)
async def forget_password(
    request: Request, body: PasswordForgotten, clients: ClientsOf
) -> Response:
    """E-mails a reset token to an admin; the response is the same for an unknown address."""
    with bound(strangers_scope(request)):
        await clients.accounts.ResetPassword(ResetPasswordRequest(email=body.identifier))
    return responses.answer({"success": True}, status=201)


@router.post(
    "/auth/user/emailpass/update",
    summary="Set a new password",
    responses=responses.documented(Success, "The new password is set."),
)
async def set_password(request: Request, body: PasswordSet, clients: ClientsOf) -> Response:
    """Sets a new password with the token from the e-mail, sent as Bearer or in the body."""
    token = body.token if body.token is not None else bearer_of(request).decode("latin-1")
    with bound(strangers_scope(request)):
        await clients.accounts.SetPassword(
            SetPasswordRequest(token=token, password=body.password), timeout=LOGIN_SECONDS
        )
    return responses.answer({"success": True})
