"""`POST /auth/user/emailpass`: an admin's e-mail and password for a session token."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.access_service_pb2 import LoginRequest

from gateway import answers
from gateway.access import own_scope
from gateway.bodies import ExactRoute
from gateway.runtime import ClientsOf
from services.kernel.scope import bound

# The hashing of a password takes its turn behind others', so it may take longer than other calls.
_LOGIN_SECONDS = 5.0


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254, description="In any case.", examples=["admin@example.com"])
    password: str = Field(max_length=1024, description="At most 1,024 bytes.")


class TokenAnswer(BaseModel):
    token: str = Field(description="A JWT for `Authorization: Bearer …`, good for an hour.")


router = APIRouter(
    tags=["Auth"],
    route_class=ExactRoute,
    responses=answers.errors(400, 401, 404, 413, 415, 429, 431, 500, 503, 504),
)


@router.post(
    "/auth/user/emailpass",
    summary="Log in as an admin",
    responses=answers.documented(TokenAnswer, "A session."),
)
async def log_in(request: Request, credentials: Credentials, clients: ClientsOf) -> Response:
    """Gives a session token for an e-mail and a password.

    401 CREDENTIALS_INVALID for a wrong password, an unknown e-mail and a deactivated admin alike,
    after the same time.
    """
    with bound(own_scope("session:create", request.state.request_id)):
        session = await clients.access.Login(
            LoginRequest(email=credentials.email, password=credentials.password),
            timeout=_LOGIN_SECONDS,
        )
    return answers.answer({"token": session.access_token})
