"""Changes the prices of a list: all that a request wants, or none."""

from collections.abc import Iterable, Iterator, Sequence

from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.models import PriceList, PriceListPrice
from services.catalog_opt_in.price_lists import queries
from services.catalog_opt_in.price_lists.messages import price_message, put_price
from services.catalog_opt_in.price_lists.rules import MOST_PRICES
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.data import updates

Wanted = tuple[str, pb.PriceListPrice, PriceListPrice]
"""Where in a request a price is, what it shall be, and its row."""


async def add(
    session: AsyncSession, row: PriceList, prices: Sequence[pb.PriceListPrice]
) -> list[PriceListPrice]:
    """Adds prices to a new list.

    Raises:
        InvalidArgument: with what is wrong with them.
    """
    changes = list(_new(row, prices, "prices"))
    await _write(session, changes, others=())
    return [price for _, _, price in changes]


async def change(
    session: AsyncSession, row: PriceList, request: pb.BatchChangePricesRequest
) -> tuple[pb.BatchChangePricesResponse, pb.BatchChangePricesResponse, set[str]]:
    """Changes prices of a list; returns what was there of them, what is there, and the listings.

    Raises:
        NotFound: PRICE_NOT_FOUND.
        FailedPrecondition: PRICE_LIST_FULL.
        InvalidArgument: with what is wrong with them.
    """
    stored = {price.price_id: price for price in await queries.prices(session, row.price_list_id)}
    changed = [*(price.id for price in request.updates), *request.deletes]
    _refuse_unknown(changed, stored)
    _refuse_repeated(request)
    if len(stored) + len(request.creates) - len(request.deletes) > MOST_PRICES:
        raise FailedPrecondition(
            "PRICE_LIST_FULL",
            f"A price list can have at most {MOST_PRICES} prices. Make another list.",
        )
    before = pb.BatchChangePricesResponse(
        updated=[price_message(stored[price.id]) for price in request.updates],
        created=[price_message(stored[id_]) for id_ in request.deletes],
    )
    listing_ids = {stored[id_].listing_id for id_ in changed}
    for id_ in request.deletes:
        await session.delete(stored[id_])
    await session.flush()
    updated = [
        (f"updates[{place}]", _updated(price, stored[price.id]), stored[price.id])
        for place, price in enumerate(request.updates)
    ]
    created = list(_new(row, request.creates, "creates"))
    others = [price for id_, price in stored.items() if id_ not in set(changed)]
    await _write(session, [*updated, *created], others=others)
    after = pb.BatchChangePricesResponse(
        created=[price_message(price) for _, _, price in created],
        updated=[price_message(price) for _, _, price in updated],
        deleted=request.deletes,
    )
    return before, after, listing_ids | {price.listing_id for _, _, price in [*updated, *created]}


def _updated(change: pb.PriceListPrice, row: PriceListPrice) -> pb.PriceListPrice:
    """Returns a price as it shall be; an amount alone stays in its currency."""
    requested = updates.apply(change, change.update_mask, to=price_message(row))
    requested.price.currency_code = requested.price.currency_code or row.currency
    return requested


def _new(row: PriceList, prices: Iterable[pb.PriceListPrice], field: str) -> Iterator[Wanted]:
    for place, price in enumerate(prices):
        yield (
            f"{field}[{place}]",
            price,
            PriceListPrice(price_id=names.new_id("price"), price_list_id=row.price_list_id),
        )


async def _write(
    session: AsyncSession,
    changes: Sequence[Wanted],
    *,
    others: Iterable[PriceListPrice],
) -> None:
    listings = await queries.listings_of(session, [price.variant for _, price, _ in changes])
    violations, taken = Violations(), {_key(price) for price in others}
    with session.no_autoflush:
        for place, requested, row in changes:
            with violations.within(place):
                put_price(requested, row, listings, violations)
                if _key(row) in taken:
                    violations.add("variant", "already has a price in it for this quantity")
            taken.add(_key(row))
        violations.refuse()
    session.add_all(row for _, _, row in changes)
    await session.flush()


def _key(price: PriceListPrice) -> tuple[object, ...]:
    return price.variant_id, price.currency, price.min_quantity, price.max_quantity


def _refuse_unknown(ids: Iterable[str], stored: Iterable[str]) -> None:
    known = set(stored)
    for id_ in ids:
        if id_ not in known:
            raise NotFound("PRICE_NOT_FOUND", f"The list has no such price: {id_[:100]}")


def _refuse_repeated(request: pb.BatchChangePricesRequest) -> None:
    violations, seen = Violations(), set()
    named = [(f"updates[{place}].id", price.id) for place, price in enumerate(request.updates)]
    named += [(f"deletes[{place}]", id_) for place, id_ in enumerate(request.deletes)]
    for place, id_ in named:
        if id_ in seen:
            violations.add(place, "must not be repeated")
        seen.add(id_)
    violations.refuse()
