"""Rules for an admin's fields."""

import re

# The mail server decides about the part before the @, except for spaces and a second @.
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
EMAIL_LIMIT = 254
NAME_LIMIT = 100


def is_email(text: str) -> bool:
    """Returns whether an admin may have this address."""
    return len(text) <= EMAIL_LIMIT and text.isprintable() and bool(_EMAIL.fullmatch(text))


def violations(email: str, first_name: str, last_name: str) -> dict[str, str]:
    """Lists what is wrong, by field; an e-mail must be in lower case."""
    found = {}
    if not is_email(email) or email != email.lower():
        found["email"] = f"must be an e-mail address of at most {EMAIL_LIMIT} characters"
    for field, name in (("first_name", first_name), ("last_name", last_name)):
        if len(name) > NAME_LIMIT:
            found[field] = f"must have at most {NAME_LIMIT} characters"
    return found
