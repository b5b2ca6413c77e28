"""The scope of a shopper's request: the open shop that it is for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, TenancyOf, resolution_of, unknown_shop
from services.kernel.call.client import deadline
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import Scope, bound

# Shoppers wait no longer, and a read can simply be retried.
SHOPPER_SECONDS = 2.0
_ACTOR = "shoppers/-"
_PERMISSIONS = frozenset({"storefront:read"})


async def _shop(request: Request, tenancy: TenancyOf) -> AsyncIterator[KnownTenant]:
    """Binds an anonymous shopper's scope; a closed shop gives the error of an unknown one."""
    state = state_of(request)
    tenant = resolution_of(request).tenant or await tenancy.fallback()
    if not tenant.is_open:
        raise unknown_shop()
    state.tenant = tenant.id
    scope = Scope(
        tenant.id,
        _ACTOR,
        _PERMISSIONS,
        currency=tenant.currency_code,
        tenant_state=tenant.state,
        request_id=state.request_id,
    )
    with bound(scope), deadline(SHOPPER_SECONDS):
        yield tenant


Shop = Annotated[KnownTenant, Depends(_shop)]


def no_such(kind: str, name: str) -> NotFound:
    """Returns the error of a document that this shop does not show, whoever else does."""
    return NotFound(f"{kind.upper()}_NOT_FOUND", f"No such {kind}: {name[:100]}")


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
