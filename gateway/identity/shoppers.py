"""Shoppers: the open shop that a request is for, and a customer's own account there."""

from dataclasses import dataclass

from fastapi import Request

from gateway.identity.customer_tokens import Customer
from gateway.identity.recorded_attempts import with_client
from gateway.medusa.errors import unauthorized
from gateway.request_state import state_of
from gateway.tenancy import KnownTenant, Tenancy, locale_in, resolution_of, unknown_shop
from services.kernel.call.scope import Scope

BUYER_SECONDS = 5.0
ANONYMOUS = "shoppers/-"
_OWN = frozenset({"customer:own"})


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a request is about."""

    tenant: str
    customer: Customer

    @property
    def customer_name(self) -> str:
        """The name of the customer.

        Raises:
            Refused: 401, the token names none yet.
        """
        if not self.customer.id:
            raise unauthorized()
        return f"tenants/{self.tenant}/customers/{self.customer.id}"


async def open_shop(request: Request, tenancy: Tenancy) -> KnownTenant:
    """Returns the shop that a request is for; a closed one gives the error of an unknown one."""
    state = state_of(request)
    tenant = resolution_of(request).tenant or await tenancy.fallback()
    if not tenant.is_open:
        raise unknown_shop()
    state.tenant = tenant.id
    locale_in(state.fields)
    return tenant


def shopper_scope(
    request: Request,
    tenant: KnownTenant,
    permissions: frozenset[str],
    actor: str = ANONYMOUS,
    *,
    session: str = "",
) -> Scope:
    return Scope(
        tenant.id,
        actor,
        permissions,
        session=session,
        currency=tenant.currency_code,
        country=tenant.country_code,
        tenant_state=tenant.state,
        request_id=state_of(request).request_id,
    )


async def own_scope(request: Request, tenancy: Tenancy, customer: Customer) -> Scope:
    """Returns the scope of a customer who acts on their own account.

    Raises:
        Refused: 401, the token is another shop's.
    """
    tenant = await open_shop(request, tenancy)
    if customer.tenant != tenant.id:
        raise unauthorized()
    own = shopper_scope(request, tenant, _OWN, customer.actor, session=customer.session)
    return with_client(request, own)
