"""Headers for browsers: CORS and security headers."""

import base64
import hashlib
import re
from collections.abc import Iterable

from gateway.request_state import Client
from gateway.tenancy import KnownTenant

Pairs = list[tuple[bytes, bytes]]

METHODS = b"GET, HEAD, POST, PATCH, DELETE"
_REQUEST_HEADERS = (
    b"authorization, content-type, idempotency-key, if-match, if-none-match, "
    b"x-medusa-locale, x-publishable-api-key, x-tenant-id"
)
_EXPOSED_HEADERS = (
    b"etag, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-audit-event, x-request-id"
)
# For so long, a page whose origin was removed may still send requests.
_PREFLIGHT_SECONDS = b"600"
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # What a storefront response depends on besides its host and path. Of others it holds, too.
    (b"vary", b"Accept-Encoding, Origin, X-Tenant-ID, X-Publishable-Api-Key, X-Medusa-Locale"),
)
_NO_CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_STORE = (b"cache-control", b"no-store")
_NO_CACHE = (b"cache-control", b"no-cache")
# What anybody may read. A cache may keep it, and asks before each use. Hot reads say more.
_PUBLIC = re.compile(r"/(store|docs)(/.*)?|/openapi\.json")


def protect(
    path: str, status: int, headers: Iterable[tuple[bytes, bytes]], client: Client
) -> Pairs:
    """Returns a response's headers with the security headers that it does not have yet."""
    headers = [*headers]
    names = dict(headers)
    headers += _ALWAYS
    if b"content-security-policy" not in names:
        headers.append(_NO_CONTENT_POLICY)
    if b"cache-control" not in names:
        headers.append(_NO_CACHE if status < 400 and _PUBLIC.fullmatch(path) else _NO_STORE)
    if client.is_secure:
        headers.append(_HSTS)
    return headers


def may_read_responses(
    origin: bytes, tenant: KnownTenant | None, base_domain: str, client: Client
) -> bool:
    """Returns whether an origin may read a tenant's responses: its own host's, or a listed one."""
    if tenant is None:
        return False
    text = origin.decode("latin-1")
    scheme, _, host = text.partition("://")
    is_own_scheme = scheme == "https" or (scheme == "http" and not client.is_secure)
    return (is_own_scheme and tenant.owns(host, base_domain)) or text in tenant.cors_origins


def allow_origin_headers(origin: bytes) -> Pairs:
    """Returns the headers that let only this origin read the response."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", _EXPOSED_HEADERS),
    ]


def preflight(origin: bytes | None) -> Pairs:
    """Returns the response headers of a preflight; `origin` is None if it is not allowed."""
    if origin is None:
        return []
    return [
        *allow_origin_headers(origin)[:2],
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", _REQUEST_HEADERS),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]


def policy_of_page(page: bytes) -> str:
    """Returns the CSP of a page with inline scripts, which it allows by their hashes."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _SCRIPT.findall(page))
    return (
        f"default-src 'none'; connect-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    )


def _digest(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
