"""Accounts of admins: how they log in, what keeps them logged in, and what is theirs to change."""

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
