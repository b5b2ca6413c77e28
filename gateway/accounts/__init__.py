"""Accounts of admins: how they log in, what keeps them logged in, and what is theirs to change."""

from fastapi import APIRouter

from gateway.accounts import sessions

routers: list[APIRouter] = [sessions.router]
