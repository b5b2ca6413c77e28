"""Lists begin and end by the clock: shops then show other prices, and caches are told."""

from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb

from services.catalog_opt_in.listings import writing
from services.catalog_opt_in.price_lists import queries
from services.catalog_opt_in.price_lists.messages import price_list_message
from services.catalog_opt_in.price_lists.rules import applies, next_turn
from services.catalog_opt_in.price_lists.showing import show
from services.kernel.call.scope import Scope, bound
from services.kernel.data import acts
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.process.logs import logger
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 1.0
MOST_AT_ONCE = 50
_DUE = """
SELECT l.tenant_id, l.price_list_id, coalesce(c.currency, '') FROM price_list l
LEFT JOIN tenant_catalogue c ON c.tenant_id = l.tenant_id
WHERE l.turns_at <= $1 ORDER BY l.turns_at LIMIT $2
"""
_UPDATE = pb.DESCRIPTOR.services_by_name["PriceListService"].methods_by_name["UpdatePriceList"]
_METHOD = f"{_UPDATE.containing_service.full_name}/{_UPDATE.name}"
_log = logger()


async def run(runtime: Runtime) -> None:
    """Looks every second which lists begin or end, until it is cancelled."""
    await repeat(
        lambda: turn_due(runtime.db, datetime.now(UTC)),
        every_seconds=EVERY_SECONDS,
        chore="price_list_turns",
    )


async def turn_due(db: Database, now: datetime) -> None:
    """Turns the lists of all tenants that begin or end by now; one that fails stops no other."""
    for tenant, price_list_id, currency in await db.call_platform(_DUE, now, MOST_AT_ONCE):
        scope = Scope(tenant, "services/catalog-opt-in", frozenset(), currency=currency)
        with bound(scope, _METHOD):
            try:
                await _turn(db, price_list_id, now)
            except Exception:
                _log.exception("price_list_stuck", price_list=price_list_id)


async def _turn(db: Database, price_list_id: str, now: datetime) -> None:
    async with db.tenant() as session:
        act = await acts.within(session)
        await writing.lock_all_offers(act)
        row = await queries.price_list(session, price_list_id, lock=True)
        if row is None or row.turns_at is None or row.turns_at > now:  # another instance was faster
            return
        prices = await queries.prices(session, price_list_id)
        row.turns_at = next_turn(row.status, row.starts_at, row.ends_at, now)
        await session.flush()
        await show(act, {price.listing_id for price in prices}, now)
        is_in_force = applies(row.status, row.starts_at, row.ends_at, now)
        audit.record(
            session,
            resource=price_list_message(row, [], now).name,
            before=pb.PriceList(in_force=not is_in_force),
            after=pb.PriceList(in_force=is_in_force),
        )
