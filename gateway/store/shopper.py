"""The scope of a shopper's request: the open shop that it is for."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from gateway.documents.scalars import upper_code
from gateway.identity.customers import CustomerOf, customer_in
from gateway.identity.principals import identity_of
from gateway.identity.recorded_attempts import with_client
from gateway.identity.shoppers import (
    BUYER_SECONDS,
    Account,
    open_shop,
    own_scope,
    shopper_scope,
)
from gateway.medusa.filters import Filter, Id, Many, One, Unused
from gateway.medusa.query import ParsedQuery
from gateway.request_state import state_of
from gateway.store.markets import ShopMarkets
from gateway.tenancy import (
    KnownTenant,
    TenancyOf,
    locale_in,
    locales_read,
)
from services.kernel.call.client import deadline
from services.kernel.call.errors import InvalidArgument, NotFound, invalid
from services.kernel.call.scope import bound

# Shoppers wait no longer, and a read can simply be retried.
SHOPPER_SECONDS = 2.0
_READ = frozenset({"storefront:read"})
_BUY = frozenset({"cart:read", "cart:write"})


async def _shop(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
    """Binds an anonymous shopper's scope; a closed shop gives the error of an unknown one."""
    tenant = await open_shop(request, tenancy)
    with bound(shopper_scope(request, tenant, _READ)), deadline(SHOPPER_SECONDS):
        yield tenant


async def _buying(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
    """Binds the scope of a shopper who buys, as `_shop` does; a write is given more time.

    Whoever sends a token acts as its customer.
    """
    tenant = await open_shop(request, tenancy)
    customer = await customer_in(request, tenant=tenant.id)
    scope = shopper_scope(request, tenant, _BUY)
    if customer and customer.id:
        scope = replace(scope, actor=customer.actor, session=customer.session)
    with bound(scope), deadline(BUYER_SECONDS):
        yield tenant


def _anonymous(permission: str) -> Callable[..., AsyncIterator[KnownTenant]]:
    """Binds the scope of a shopper who is about to be known; its password takes time to hash."""

    async def anonymous(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
        tenant = await open_shop(request, tenancy)
        scope = with_client(request, shopper_scope(request, tenant, frozenset({permission})))
        with bound(scope), deadline(BUYER_SECONDS):
            yield tenant

    return anonymous


async def _own_account(
    request: Request, tenancy: TenancyOf, customer: CustomerOf
) -> AsyncIterator[Account]:
    """Binds the scope of a customer who acts on their own account."""
    scope = await own_scope(request, tenancy, customer)
    with bound(scope), deadline(BUYER_SECONDS):
        yield Account(customer.tenant, customer)


Shop = Annotated[KnownTenant, Depends(_shop)]
Buying = Annotated[KnownTenant, Depends(_buying)]
Registering = Annotated[KnownTenant, Depends(_anonymous("customer:register"))]
LoggingIn = Annotated[KnownTenant, Depends(_anonymous("customer:login"))]
OwnAccount = Annotated[Account, Depends(_own_account)]


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


async def currency_of(query: ParsedQuery, shop: KnownTenant, markets: ShopMarkets) -> str:
    """Returns the currency to read products in: that of the region, or the shop's own without one.

    Raises:
        NotFound: REGION_NOT_FOUND; as of a region that there is not.
        InvalidArgument: CURRENCY_UNKNOWN or SALES_CHANNEL_UNKNOWN.
    """
    region_id, named = query.one("region_id"), upper_code(query.one("currency_code"))
    region = await markets.named(region_id) if region_id else None
    currency = region.currency_code if region else shop.currency_code
    if named not in ("", currency):
        known = {currency} if region else {one.currency_code for one in await markets.all()}
        if named not in known:
            text = f"must be {' or '.join(sorted(known)).lower()} in this shop"
            raise invalid("CURRENCY_UNKNOWN", {"currency_code": text})
        currency = named
    if set(query.many("sales_channel_id")) - {f"sc_{shop.id}"}:
        raise InvalidArgument(
            "SALES_CHANNEL_UNKNOWN",
            "Requested sales channel is not part of the publishable key",
            {"sales_channel_id": "must be the sales channel of this shop"},
        )
    return currency


async def locales(request: Request, query: ParsedQuery, shop: KnownTenant) -> list[str]:
    """Returns the locales that a request is to be read in (see `locales_read`)."""
    requested = query.one("locale") or locale_in(state_of(request).fields)
    office = identity_of(request)
    own = (await office.tenancy.tenant(office.head_office)).default_locale
    return locales_read(shop, requested, own=own)
