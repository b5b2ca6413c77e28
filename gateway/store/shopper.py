"""The scope of a shopper's request: the open shop that it is for."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import Depends, Request

from gateway.identity.principals import identity_of
from gateway.medusa.filters import Filter, Id, Many, One, Unused
from gateway.medusa.query import ParsedQuery
from gateway.request_state import state_of
from gateway.tenancy import (
    KnownTenant,
    Tenancy,
    TenancyOf,
    locale_in,
    locales_read,
    resolution_of,
    unknown_shop,
)
from services.kernel.call.client import deadline
from services.kernel.call.errors import InvalidArgument, NotFound, invalid
from services.kernel.call.scope import Scope, bound

# Shoppers wait no longer, and a read can simply be retried.
SHOPPER_SECONDS = 2.0
BUYER_SECONDS = 5.0
_ACTOR = "shoppers/-"
_READ = frozenset({"storefront:read"})
_BUY = frozenset({"cart:read", "cart:write"})


async def _shop(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
    """Binds an anonymous shopper's scope; a closed shop gives the error of an unknown one."""
    tenant = await _open_shop(request, tenancy)
    with bound(_scope(request, tenant, _READ)), deadline(SHOPPER_SECONDS):
        yield tenant


async def _buying(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
    """Binds the scope of a shopper who buys, as `_shop` does; a write is given more time."""
    tenant = await _open_shop(request, tenancy)
    with bound(_scope(request, tenant, _BUY)), deadline(BUYER_SECONDS):
        yield tenant


async def _open_shop(request: Request, tenancy: Tenancy) -> KnownTenant:
    state = state_of(request)
    tenant = resolution_of(request).tenant or await tenancy.fallback()
    if not tenant.is_open:
        raise unknown_shop()
    state.tenant = tenant.id
    locale_in(state.fields)
    return tenant


def _scope(request: Request, tenant: KnownTenant, permissions: frozenset[str]) -> Scope:
    return Scope(
        tenant.id,
        _ACTOR,
        permissions,
        currency=tenant.currency_code,
        country=tenant.country_code,
        tenant_state=tenant.state,
        request_id=state_of(request).request_id,
    )


Shop = Annotated[KnownTenant, Depends(_shop)]
Buying = Annotated[KnownTenant, Depends(_buying)]


def no_such(kind: str, name: str) -> NotFound:
    """Returns the error of a document that this shop does not show, whoever else does."""
    return NotFound(f"{kind.upper()}_NOT_FOUND", f"No such {kind}: {name[:100]}")


# What clients say of the shopper with each read of products.
CONTEXT: Mapping[str, Filter] = {
    "region_id": One(),
    "currency_code": One(longest=3),
    "sales_channel_id": Many(10),
    "country_code": Unused(One(longest=2)),
    "province": Unused(),
    "cart_id": Unused(Id()),
}


def check_context(query: ParsedQuery, shop: KnownTenant) -> None:
    """Refuses another region, currency or sales channel than the shop's own, which it has one of.

    Raises:
        NotFound: REGION_NOT_FOUND; as of a region that there is not.
        InvalidArgument: CURRENCY_UNKNOWN or SALES_CHANNEL_UNKNOWN.
    """
    check_region(query.one("region_id"), shop)
    currency = shop.currency_code.lower()
    if query.one("currency_code").lower() not in ("", currency):
        raise invalid("CURRENCY_UNKNOWN", {"currency_code": f"must be {currency} in this shop"})
    if set(query.many("sales_channel_id")) - {f"sc_{shop.id}"}:
        raise InvalidArgument(
            "SALES_CHANNEL_UNKNOWN",
            "Requested sales channel is not part of the publishable key",
            {"sales_channel_id": "must be the sales channel of this shop"},
        )


def check_region(region_id: str, shop: KnownTenant) -> None:
    """Refuses any region but the shop's own; another shop's counts as unknown.

    Raises:
        NotFound: REGION_NOT_FOUND.
    """
    if region_id not in ("", region_of(shop)):
        raise NotFound("REGION_NOT_FOUND", f"No such region: {region_id[:100]}")


def region_of(shop: KnownTenant) -> str:
    """Returns the id of a shop's region."""
    return f"reg_{shop.id}"


async def locales(request: Request, query: ParsedQuery, shop: KnownTenant) -> list[str]:
    """Returns the locales that a request is to be read in (see `locales_read`)."""
    requested = query.one("locale") or locale_in(state_of(request).fields)
    office = identity_of(request)
    own = (await office.tenancy.tenant(office.head_office)).default_locale
    return locales_read(shop, requested, own=own)
