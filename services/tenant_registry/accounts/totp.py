"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost device.

Secrets are stored encrypted with keys derived from totp.key for this purpose: the first one
encrypts, all of them decrypt.
"""

import base64
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import Internal
from services.kernel.process.secret_files import Secret
from services.tenant_registry.accounts import queries, rules
from services.tenant_registry.accounts.one_time_tokens import purpose_encryption
from services.tenant_registry.accounts.rules import LoginMethod
from services.tenant_registry.models import SecondFactor

CODES = 10
_CODE_BYTES = 10  # 80 bits: 16 letters of base32
_ISSUER = "Souk"
_PURPOSE = b"totp secret"
_DIGITS = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[A-Z2-7]{16}")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A new secret, as shown once to the admin, and as stored."""

    secret: str
    uri: str
    ciphertext: bytes


class Totp:
    """Makes and encrypts secrets, and checks codes."""

    def __init__(self, keys: Secret[tuple[bytes, ...]]) -> None:
        self._keys = keys

    def new(self, admin_id: str, email: str) -> NewSecret:
        secret = pyotp.random_base32()
        uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)
        return NewSecret(
            secret,
            uri,
            purpose_encryption(self._keys(), _PURPOSE).encrypt(f"{admin_id} {secret}".encode()),
        )

    async def use_code(
        self, session: AsyncSession, factor: SecondFactor, code: str, *, now: datetime
    ) -> LoginMethod | None:
        """Uses up an authenticator or recovery code; returns None if it is neither.

        `factor` must be locked, so that a code cannot be used twice at once.
        """
        typed = _canonical(code)
        if _RECOVERY.fullmatch(typed):
            used = await queries.use_recovery_code(session, factor.admin_id, hashed(typed))
            return LoginMethod.PASSWORD_RECOVERY if used else None
        step = self.step(factor, code, now=now)
        if step is None:
            return None
        factor.last_step = step
        return LoginMethod.PASSWORD_TOTP

    def step(self, factor: SecondFactor, code: str, *, now: datetime) -> int | None:
        """Finds the time step that a code belongs to; None if it is wrong or was used."""
        generator, typed = pyotp.TOTP(self._decrypted(factor)), _canonical(code)
        if not _DIGITS.fullmatch(typed):
            return None
        return rules.step_of(
            typed, last_step=factor.last_step, now=now, code_at=generator.generate_otp
        )

    def _decrypted(self, factor: SecondFactor) -> str:
        """Decrypts a secret; one copied from another admin's row is refused."""
        try:
            plain = purpose_encryption(self._keys(), _PURPOSE).decrypt(factor.secret)
            owner, _, secret = plain.decode().partition(" ")
        except InvalidToken:
            owner, secret = "", ""
        if owner != factor.admin_id:
            raise Internal("INTERNAL", "a second factor cannot be decrypted with the current keys")
        return secret


def _canonical(code: str) -> str:
    """Spells a code as it was shown, also one typed with full-width digits, spaces or hyphens."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code)).upper()


def recovery_codes() -> list[str]:
    """Makes codes such as ABCD-EFGH-IJKL-MNOP."""
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def hashed(code: str) -> bytes:
    return hashlib.sha256(code.replace("-", "").encode()).digest()
