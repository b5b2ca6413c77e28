"""Admin accounts: login, sessions, passwords, second factor and invites."""

from gateway.accounts import accepting_invites, invites, oidc, passwords, second_factor, sessions
from gateway.medusa.router import Router

routers: list[Router] = [
    sessions.router,
    passwords.router,
    second_factor.router,
    accepting_invites.router,
    invites.router,
    oidc.router,
]
