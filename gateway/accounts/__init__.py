"""Admin accounts: login, sessions, passwords, second factor and invites."""

from fastapi import APIRouter

from gateway.accounts import invites, oidc, passwords, second_factor, sessions

routers: list[APIRouter] = [
    sessions.router,
    passwords.router,
    second_factor.router,
    invites.accepting,
    invites.router,
    oidc.router,
]
