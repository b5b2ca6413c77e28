"""The certificate by which a process proves its name of deploy/manifest.py to others.

A process's folder has tls.crt (its certificate, then those between it and an authority), tls.key
and ca.crt (the authorities that it trusts), as a TLS secret of Kubernetes has. They are read again
when tls.crt is replaced, without a restart.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from services.kernel.process.secret_files import Secret, SecretFile


@dataclass(frozen=True, slots=True)
class Certificate:
    """A process's certificate and key, and whom it trusts; all PEM, the first two also as files."""

    chain: bytes
    key: bytes
    authorities: bytes
    folder: Path


def certificate_in(folder: Path) -> Secret[Certificate]:
    """Opens a process's certificate; one that cannot be used ends the process with a sentence."""
    path = folder / "tls.crt"
    try:
        return SecretFile(path, lambda text: _certificate(text.encode(), folder))
    except ValueError as error:
        raise SystemExit(f"souk: the certificate {path} cannot be used: {error}") from None


def _certificate(chain: bytes, folder: Path) -> Certificate:
    """Reads the files of a folder.

    Raises:
        ValueError: one is missing, they do not fit together, or the certificate has expired.
    """
    key, authorities = _read(folder / "tls.key"), _read(folder / "ca.crt")
    certificate = x509.load_pem_x509_certificates(chain)[0]
    x509.load_pem_x509_certificates(authorities)
    public = load_pem_private_key(key, None).public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if public.public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ValueError("tls.key is not its key")
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        raise ValueError(f"it expired at {certificate.not_valid_after_utc.isoformat()}")
    return Certificate(chain, key, authorities, folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None
