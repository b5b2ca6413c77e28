"""E-mail addresses: how they are spelled, and which there can be."""

import re
import unicodedata

# As the contract's; it holds for addresses that come from elsewhere, too.
EMAIL_LIMIT = 254
# The mail server decides about the part before the @, except for spaces and a second @.
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


def canonical_email(text: str) -> str:
    """Spells an address as it is stored: keyboards differ in how they compose an accent."""
    # Cut, because composing takes long for a long text; what is cut is still too long.
    return unicodedata.normalize("NFC", text.strip()[: 4 * EMAIL_LIMIT].lower())


def is_email(text: str) -> bool:
    """Returns whether anybody may have this address."""
    return len(text) <= EMAIL_LIMIT and text.isprintable() and bool(_EMAIL.fullmatch(text))
