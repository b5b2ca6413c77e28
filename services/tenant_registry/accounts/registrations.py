"""Registrations: an address and the hash of a new password, encrypted for whoever was invited.

Nothing is stored. Anybody may register any address, known or not; only an invite's token makes an
account of it.
"""

import json
from datetime import timedelta

from cryptography.fernet import InvalidToken

from services.kernel.process.secret_files import Secret
from services.tenant_registry.accounts.attempts import Limit
from services.tenant_registry.accounts.one_time_tokens import purpose_encryption

LIFETIME = timedelta(minutes=15)
# Each costs a hash, as a login does.
REGISTRATIONS = Limit(10, timedelta(minutes=15))
_PREFIX = "souk_register_"
_PURPOSE = b"registration"


class Registrations:
    """Encrypts and decrypts registrations, with keys derived from totp.key for this purpose."""

    def __init__(self, keys: Secret[tuple[bytes, ...]]) -> None:
        self._keys = keys

    def seal(self, email: str, password_hash: str) -> str:
        plain = json.dumps([email, password_hash], ensure_ascii=False).encode()
        return _PREFIX + purpose_encryption(self._keys(), _PURPOSE).encrypt(plain).decode()

    def password_hash(self, registration: str, email: str) -> str | None:
        """Returns the hash in a registration; None if it has expired or is not for this address."""
        if not registration.startswith(_PREFIX):
            return None
        sealed = registration.removeprefix(_PREFIX).encode()
        try:
            decrypted = purpose_encryption(self._keys(), _PURPOSE).decrypt(
                sealed, ttl=int(LIFETIME.total_seconds())
            )
        except InvalidToken:
            return None
        registered, password_hash = json.loads(decrypted)
        return str(password_hash) if registered == email else None
