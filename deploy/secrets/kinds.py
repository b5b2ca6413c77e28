"""Which secret files there are, besides the public ones that are derived from them."""

from collections.abc import Callable

from deploy.manifest import DATABASES, PROCESSES, ROLES
from services.kernel.evidence import signed_notes

PASSWORDS = frozenset(f"{database}_{role}.password" for database in DATABASES for role in ROLES)

CALLERS = {process.name: process.vouches_for for process in PROCESSES if process.vouches_for}
"""Who signs scopes, and which permissions they may vouch for."""

# How long, in seconds, a replaced key's signatures stay valid, and its public key stays trusted. A
# scope lives 10 seconds, an admin's access token an hour, a customer's a day.
TOKENS = {"session": 2 * 3600, "customer": 25 * 3600}
SIGNERS = dict.fromkeys(CALLERS, 60) | TOKENS

# Who signs notes; their signatures must stay verifiable, so their public keys never expire.
NOTE_KEYS: dict[str, Callable[[str], signed_notes.LogKey | signed_notes.WitnessKey]] = {
    "checkpoint": signed_notes.LogKey,
    "witness": signed_notes.WitnessKey,
}

# Shared keys, one a line: the first is used, and all are accepted.
RINGS = ("redis.key", "totp.key")
# What these encrypted is stored, so none of their lines is ever removed.
PERMANENT_RINGS = frozenset({"totp.key"})
