"""Makes an authority, and from it a certificate for every process, for mutual TLS between them.

`FOLDER/PROCESS` is what SOUK_TLS of that process names. The authority's key is in `FOLDER/ca.key`,
which no process needs: keep it elsewhere.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.manifest import PROCESSES
from deploy.secrets.files import make, write

LIFETIME = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=30)
"""How long before its end a certificate is replaced when this runs again."""
_AUTHORITY_LIFETIME = timedelta(days=3650)
_ALLOWANCE = timedelta(minutes=5)  # for clocks that differ
_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Souk processes")])


def make_certificates(folder: Path, now: datetime | None = None) -> list[str]:
    """Makes what is missing or ends soon; returns the processes that have a new certificate."""
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    make(folder / "ca.key", lambda: _pem(_new_key()))
    key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SystemExit(f"souk: {folder / 'ca.key'} is no key of an elliptic curve")
    make(folder / "ca.crt", lambda: _authority(key, now))
    authority = (folder / "ca.crt").read_text()
    issued = []
    for process in PROCESSES:
        at = folder / process.name
        at.mkdir(exist_ok=True)
        write(at / "ca.crt", authority)
        if not _lasts(at / "tls.crt", key, now + RENEWED_BEFORE):
            own = _new_key()
            certificate = _certificate(process.name, own, key, now)
            # First the key: processes look at the certificate to learn of new ones.
            write(at / "tls.key", _pem(own))
            write(at / "tls.crt", certificate)
            issued.append(process.name)
    return issued


def _lasts(path: Path, authority: ec.EllipticCurvePrivateKey, until: datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    own = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    known = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return certificate.not_valid_after_utc > until and known == own


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> str:
    made = (
        _builder(_AUTHORITY, key.public_key(), key, now, _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(for_authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def _certificate(
    name: str, own: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, now: datetime
) -> str:
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        _builder(subject, own.public_key(), key, now, LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(for_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def _builder(
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_AUTHORITY)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _ALLOWANCE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(signed_by, critical=False)
    )


def _usage(*, for_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not for_authority,
        key_cert_sign=for_authority,
        crl_sign=for_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    return key.private_bytes(*form).decode()
