"""The customer who calls, and the names of customers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.caller import current_customer
from services.commerce.customers import queries
from services.commerce.models import Customer
from services.kernel.call import names
from services.kernel.call.errors import NotFound, Unauthenticated
from services.kernel.call.scope import current_scope
from services.kernel.data.acts import Act

CUSTOMER = "tenants/{tenant}/customers/{customer}"
GROUP = "tenants/{tenant}/customerGroups/{customer_group}"
ADDRESS = "tenants/{tenant}/customers/{customer}/addresses/{address}"


async def own_customer(session: AsyncSession) -> Customer:
    """Reads the customer who calls.

    Raises:
        Unauthenticated: UNAUTHENTICATED, it is nobody, or somebody who is no longer there.
    """
    customer_id = current_customer()
    row = await queries.customer(session, customer_id) if customer_id else None
    if row is None:
        raise Unauthenticated("UNAUTHENTICATED", "Unauthorized")
    return row


async def own_row(act: Act, *, lock: bool = False) -> Customer:
    """Reads the customer who calls, as own_customer does, in an act."""
    where = "customer_id = $2 AND erase_time IS NULL"
    customer_id = current_customer()
    rows = await act.rows(Customer, where + " FOR UPDATE" if lock else where, customer_id)
    if not rows:
        raise Unauthenticated("UNAUTHENTICATED", "Unauthorized")
    return rows[0]


def own_id(name: str) -> str:
    """Returns the id in the name of the customer who calls.

    Raises:
        NotFound: CUSTOMER_NOT_FOUND, it is the name of another.
    """
    current_scope().require(name)
    customer_id = names.parse(name, CUSTOMER)[1]
    if customer_id != current_customer():
        raise no_such_customer(customer_id)
    return customer_id


def no_such_customer(customer_id: str) -> NotFound:
    return NotFound("CUSTOMER_NOT_FOUND", f"No such customer: {customer_id[:100]}")


def owner_of(address: str) -> str:
    """Returns the name of the customer in that of an address."""
    tenant, customer_id, _ = names.parse(address, ADDRESS)
    return f"tenants/{tenant}/customers/{customer_id}"
