"""The texts of mails."""

RESET_SUBJECT = "Reset your Souk password"
INVITE_SUBJECT = "You have been invited to Souk"


def reset_text(token: str) -> str:
    return f"""Someone, most likely you, asked to reset your Souk password.

Use this token to set a new one. It works once, within 15 minutes:

{token}

Send it as a Bearer token to POST /auth/user/emailpass/update, with {{"password": "..."}}.
A new password ends all your sessions. If you did not ask for one, ignore this mail.
"""


def invite_text(token: str, role: str, place: str) -> str:
    return f"""You have been invited to become {role} of {place}.

Use this token to accept. It works once, within 7 days:

{token}

Send it to POST /admin/invites/accept as
{{"token": "...", "password": "...", "first_name": "...", "last_name": "..."}}.
If you already have an account, use its password; or log in and send
{{"token": "..."}} to POST /admin/users/me/invites/accept.
"""
