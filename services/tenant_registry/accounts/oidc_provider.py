"""Requests to a provider: bounded in time and size, over TLS, without redirects."""

import asyncio
import json
import time
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.kernel.call.errors import Unavailable
from services.tenant_registry.accounts.oidc_claims import Identity, Unverified, identity, key_id
from services.tenant_registry.accounts.oidc_settings import Provider, is_loopback
from services.tenant_registry.accounts.oidc_state import PendingLogin

_SECONDS = 2.0
_ALTOGETHER_SECONDS = 4.0
_LONGEST = 256 * 1024
_FRESH_SECONDS = 300.0
# A token may name a newly added key; the provider is asked again no sooner than this.
_REFETCH_SECONDS = 10.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderClient:
    """One provider; its metadata is cached for five minutes."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._metadata: tuple[float, dict[str, str], KeySet] | None = None
        self._fetching = asyncio.Lock()

    async def location(self, pending: PendingLogin, state: str) -> str:
        """Returns the URL of the provider's login page."""
        endpoints, _ = await self._fresh_metadata()
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.redirect_uri,
            "scope": self._provider.scopes,
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": pending.challenge,
            "code_challenge_method": "S256",
        }
        page = endpoints["authorization_endpoint"]
        return f"{page}{'&' if urlsplit(page).query else '?'}{urlencode(query)}"

    async def exchange(self, code: str, pending: PendingLogin) -> Identity:
        """Exchanges a code for an identity.

        Raises:
            Unverified: the provider refused the code, or its id_token is invalid.
            Unavailable: OIDC_UNAVAILABLE, the provider does not respond properly.
        """
        endpoints, keys = await self._fresh_metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.redirect_uri,
            "code_verifier": pending.verifier,
        }
        secret = (self._provider.client_id, self._provider.client_secret)
        status, response = await _request(
            "POST", endpoints["token_endpoint"], data=form, auth=secret
        )
        if 400 <= status < 500:
            raise Unverified("the provider refused the code")
        if status != 200:
            raise _unavailable()
        token = response.get("id_token")
        if key_id(token) not in {None, *(key.kid for key in keys.keys)}:
            _, keys = await self._fresh_metadata(_REFETCH_SECONDS)
        return identity(token, keys, self._provider, pending.nonce)

    async def _fresh_metadata(self, fresh: float = _FRESH_SECONDS) -> tuple[dict[str, str], KeySet]:
        async with self._fetching:
            if self._metadata is None or time.monotonic() - self._metadata[0] > fresh:
                self._metadata = (time.monotonic(), *await self._fetch_metadata())
            return self._metadata[1:]

    async def _fetch_metadata(self) -> tuple[dict[str, str], KeySet]:
        issuer = self._provider.issuer
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        status, document = await _request("GET", place)
        if status != 200 or document.get("issuer") != issuer:
            raise _unavailable()
        endpoints = {name: self._safe(document.get(name)) for name in _ENDPOINTS}
        status, keys = await _request("GET", endpoints["jwks_uri"])
        if status != 200:
            raise _unavailable()
        try:
            return endpoints, KeySet.import_key_set(keys)  # type: ignore[arg-type]  # it checks
        except (JoseError, ValueError, TypeError, KeyError):
            raise _unavailable() from None

    def _safe(self, address: object) -> str:
        """Accepts an https endpoint or, for a provider on this machine, one of its own."""
        if not isinstance(address, str):
            raise _unavailable()
        parts, own = urlsplit(address), urlsplit(self._provider.issuer)
        is_own = is_loopback(self._provider.issuer) and parts.netloc == own.netloc
        if not parts.hostname or not (parts.scheme == "https" or is_own):
            raise _unavailable()
        return address


async def _request(
    method: str,
    address: str,
    *,
    data: dict[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> tuple[int, dict[str, object]]:
    """Sends one request; redirects are not followed."""
    try:
        async with (
            asyncio.timeout(_ALTOGETHER_SECONDS),
            httpx.AsyncClient(timeout=_SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream(
                method, address, data=data, auth=auth, headers={"accept": "application/json"}
            ) as response,
        ):
            return response.status_code, _object(await _bounded(response))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError):
        raise _unavailable() from None


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LONGEST:
            raise ValueError("too long")
    return body


def _object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None
    return document if isinstance(document, dict) else {}


def _unavailable() -> Unavailable:
    return Unavailable("OIDC_UNAVAILABLE", "The identity provider does not respond. Try again.")
