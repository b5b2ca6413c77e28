"""Passwords of admins: changed by who knows them, reset by who reads their mail."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.account_service_pb2 import (
    ChangePasswordRequest,
    ResetPasswordRequest,
    SetPasswordRequest,
)

from gateway import answers
from gateway.accounts.sessions import AUTH, LOGIN_SECONDS, Success, strangers_scope
from gateway.auth import AccountScope, bearer_of
from gateway.runtime import ClientsOf
from services.kernel.scope import bound

router = APIRouter(**AUTH)

NEW_PASSWORD = Field(
    max_length=1024, description="12 characters to 1,024 bytes, and not the e-mail address."
)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=1024)
    new_password: str = NEW_PASSWORD


class PasswordForgotten(BaseModel):
    model_config = ConfigDict(extra="forbid")

    identifier: str = Field(max_length=254, description="The e-mail address.")


class PasswordSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = NEW_PASSWORD
    token: str | None = Field(
        default=None, max_length=100, description="The token that came by mail, if not as Bearer."
    )


@router.post(
    "/admin/users/me/password",
    summary="Change the password",
    responses=answers.documented(Success, "It is changed."),
)
async def change_password(
    scope: AccountScope, clients: ClientsOf, body: PasswordChange
) -> Response:
    """Changes the admin's own password, and ends all their other sessions."""
    await clients.accounts.ChangePassword(
        ChangePasswordRequest(
            current_password=body.current_password, new_password=body.new_password
        ),
        timeout=LOGIN_SECONDS,
    )
    return answers.answer({"success": True})


@router.post(
    "/auth/user/emailpass/reset-password",
    summary="Forget the password",
    status_code=201,
    responses=answers.documented(Success, "Whatever the address, and alike.", status=201),
)
async def forget_password(
    request: Request, body: PasswordForgotten, clients: ClientsOf
) -> Response:
    """Sends a token by mail to an admin; for an address of nobody's the answer is the same."""
    with bound(strangers_scope(request)):
        await clients.accounts.ResetPassword(ResetPasswordRequest(email=body.identifier))
    return answers.answer({"success": True}, status=201)


@router.post(
    "/auth/user/emailpass/update",
    summary="Set a new password",
    responses=answers.documented(Success, "It is set."),
)
async def set_password(request: Request, body: PasswordSet, clients: ClientsOf) -> Response:
    """Sets a new password with the token that came by mail: as Bearer, or in the body."""
    token = body.token if body.token is not None else bearer_of(request).decode("latin-1")
    with bound(strangers_scope(request)):
        await clients.accounts.SetPassword(
            SetPasswordRequest(token=token, password=body.password), timeout=LOGIN_SECONDS
        )
    return answers.answer({"success": True})
