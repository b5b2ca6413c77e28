"""The identity providers, from the secret oidc.json, written by the operator.

{"paris-idp": {"issuer": "https://id.example", "client_id": "souk", "client_secret": "…",
"redirect_uri": "https://admin.example/auth/user/oidc/paris-idp/callback",
"email_domains": ["paris.example"],
"rules": [{"claim": "groups", "value": "souk-paris-admins", "role": "TenantAdmin",
"tenant": "paris"}]}}
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from services.kernel.process.settings import TenantId, json_secret
from services.tenant_registry.accounts.rules import ClaimRule

Text = Annotated[str, Field(min_length=1, max_length=200)]


def _domain(text: str) -> str:
    if len(text) > 253 or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text):
        raise ValueError("must be a domain in lower-case ASCII, such as paris.example")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,40}", text):
        raise ValueError("a provider's name must be 1 to 40 lower-case letters, digits and hyphens")
    return text


def _safe(text: str) -> str:
    """Accepts an https URL or, for development, http on this machine."""
    parts = urlsplit(text)
    if parts.username or parts.fragment or not parts.hostname:
        raise ValueError("must be a URL without credentials and fragment")
    if parts.scheme != "https" and not is_loopback(text):
        raise ValueError("must use https")
    return text


def is_loopback(address: str) -> bool:
    """Returns whether a URL is http on the loopback address."""
    parts = urlsplit(address)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


Domain = Annotated[str, AfterValidator(_domain)]
Name = Annotated[str, AfterValidator(_name)]
SafeUrl = Annotated[str, AfterValidator(_safe), Field(max_length=2000)]


class RuleSetting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim: Text
    value: Text
    role: Text
    tenant: TenantId | None

    def rule(self) -> ClaimRule:
        return ClaimRule(self.claim, self.value, self.role, self.tenant)


class Provider(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: SafeUrl
    client_id: Text
    client_secret: Text
    redirect_uri: SafeUrl
    scopes: str = "openid email profile"
    email_domains: frozenset[Domain] = Field(min_length=1, max_length=200)
    """The domains whose addresses it may vouch for, because admins are found by address."""
    rules: tuple[RuleSetting, ...] = Field(max_length=200)


_Providers = TypeAdapter(dict[Name, Provider])


def providers(folder: Path) -> dict[str, Provider]:
    """Reads oidc.json; without it there are no providers, and an invalid one ends the process."""
    return json_secret(folder / "oidc.json", _Providers) or {}
