"""What mails say."""

RESET_SUBJECT = "A new password for Souk"
INVITE_SUBJECT = "You are invited to Souk"


def reset(token: str) -> str:
    return f"""Somebody, most likely you, asked for a new password.

This token sets it, once, within 15 minutes:

{token}

Send it to POST /auth/user/emailpass/update as a Bearer, with {{"password": "..."}}.
Setting it ends all your sessions. If you did not ask for it, do nothing.
"""


def invite(token: str, role: str, place: str) -> str:
    return f"""You are invited to be {role} at {place}.

This token accepts, once, within 7 days:

{token}

Send it to POST /admin/invites/accept as
{{"token": "...", "password": "...", "first_name": "...", "last_name": "..."}}.
If you have an account already, give the password that you log in with; or log in, and send
{{"token": "..."}} to POST /admin/users/me/invites/accept.
"""
