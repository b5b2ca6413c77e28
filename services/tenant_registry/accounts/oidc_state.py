"""The state of a login at a provider: encrypted, short-lived, bound to one browser."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass

from cryptography.fernet import InvalidToken

from services.kernel.process.secret_files import Secret
from services.tenant_registry.accounts.one_time_tokens import purpose_encryption

LIFETIME_SECONDS = 600
_PURPOSE = b"oidc state"


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login in progress. `verifier` is for PKCE, `browser_hash` ties it to a cookie."""

    provider: str
    nonce: str
    verifier: str
    browser_hash: str

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class States:
    """Encrypts and decrypts states, with keys derived from totp.key for this purpose."""

    def __init__(self, keys: Secret[tuple[bytes, ...]]) -> None:
        self._keys = keys

    def start(self, provider: str) -> tuple[PendingLogin, str, str]:
        """Begins a login; returns it, its encrypted state, and the browser's secret."""
        browser = secrets.token_urlsafe(32)
        pending = PendingLogin(
            provider, secrets.token_urlsafe(32), secrets.token_urlsafe(48), _hashed(browser)
        )
        return pending, self._encrypted(pending), browser

    def finish(self, provider: str, state: str, browser: str) -> PendingLogin | None:
        """Decrypts a state; None if it is expired, or of another provider or browser."""
        try:
            decrypted = purpose_encryption(self._keys(), _PURPOSE).decrypt(
                state.encode(), ttl=LIFETIME_SECONDS
            )
        except (InvalidToken, UnicodeError):
            return None
        pending = PendingLogin(**json.loads(decrypted))
        is_browsers = hmac.compare_digest(pending.browser_hash, _hashed(browser))
        return pending if is_browsers and pending.provider == provider else None

    def _encrypted(self, pending: PendingLogin) -> str:
        plain = json.dumps(asdict(pending)).encode()
        return purpose_encryption(self._keys(), _PURPOSE).encrypt(plain).decode()


def _hashed(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
