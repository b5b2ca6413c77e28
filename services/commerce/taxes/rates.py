"""TaxRateService: staff set up what is due of a price."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import tax_rate_service_pb2 as pb
from souk.commerce.v1.tax_rate_service_pb2_grpc import TaxRateServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import TaxRate
from services.commerce.setup.setup import setup_changed
from services.commerce.taxes import queries
from services.commerce.taxes.messages import checked_rate, percent_of, rate_message, rules_of
from services.commerce.taxes.queries import RateWithRules
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.structs import metadata_of

MOST_RATES = 500
MOST_RULES = 2_000
"""Of all of a tenant's rates together: carts are taxed by all that are remembered."""
_RATE = "tenants/{tenant}/taxRates/{tax_rate}"
# All are read at once, as there are few. The id, made of the time, breaks ties.
_ORDERS: dict[str, Callable[[pb.TaxRate], tuple[int | str | Decimal, ...]]] = {
    "created_at": lambda rate: (rate.create_time.ToNanoseconds(), rate.name),
    "updated_at": lambda rate: (rate.update_time.ToNanoseconds(), rate.name),
    "id": lambda rate: (rate.name,),
    "name": lambda rate: (rate.display_name.casefold(), rate.name),
    "code": lambda rate: (rate.tax_code.casefold(), rate.name),
    "rate": lambda rate: (percent_of(rate) or Decimal(0), rate.name),
}


class TaxRateServicer(TaxRateServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetTaxRate(self, request: pb.GetTaxRateRequest, _context: object) -> pb.TaxRate:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row, rules = _existing(await queries.tax_rates(session), request.name)
        return rate_message(row, rules)

    async def ListTaxRates(
        self, request: pb.ListTaxRatesRequest, _context: object
    ) -> pb.ListTaxRatesResponse:
        current_scope().require_parent(request.parent)
        size, skip = pages.window(request)
        key, descending = pages.order_by(request.order_by, _ORDERS, default="created_at")
        async with self._db.tenant() as session:
            rates = [rate_message(*rate) for rate in await queries.tax_rates(session)]
        found = [rate for rate in rates if _fits(rate, request)]
        found.sort(key=key, reverse=descending)
        return pb.ListTaxRatesResponse(tax_rates=found[skip : skip + size], total_size=len(found))

    async def CreateTaxRate(self, request: pb.CreateTaxRateRequest, _context: object) -> pb.TaxRate:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.TaxRate):
                return answer
            await setup_changed(session)
            rate = checked_rate(request.tax_rate)
            if not any(
                region.tax_region_id == rate.tax_region_id
                for region in await queries.tax_regions(session)
            ):
                raise NotFound(
                    "TAX_REGION_NOT_FOUND", f"No such tax region: {rate.tax_region_id[:100]}"
                )
            after = await create(session, rate, datetime.now(UTC))
            return await requests.remember(session, request, after)

    async def UpdateTaxRate(self, request: pb.UpdateTaxRateRequest, _context: object) -> pb.TaxRate:
        current_scope().require(request.tax_rate.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            rates = await queries.tax_rates(session)
            row, rules = _existing(rates, request.tax_rate.name)
            before = rate_message(row, rules)
            requested = checked_rate(
                updates.apply(request.tax_rate, request.update_mask, to=before)
            )
            if requested == before:
                return before
            row.version += 1
            after = await _write(session, row, requested, datetime.now(UTC), rates)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteTaxRate(self, request: pb.DeleteTaxRateRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, rules = _existing(await queries.tax_rates(session), request.name)
            updates.check_etag(request.etag, row.version)
            before = rate_message(row, rules)
            await session.delete(row)  # and with it its rules
            audit.record(session, resource=before.name, before=before)
            return Empty()


async def create(session: AsyncSession, rate: pb.TaxRate, now: datetime) -> pb.TaxRate:
    """Creates a checked rate of a tax region that there is, and records it.

    Raises:
        FailedPrecondition: TAX_RATES_FULL.
        AlreadyExists: TAX_DEFAULT_TAKEN.
    """
    rates = await queries.tax_rates(session)
    row = TaxRate(
        tax_rate_id=names.new_id("txr"),
        tax_region_id=rate.tax_region_id,
        version=1,
        create_time=now,
    )
    after = await _write(session, row, rate, now, rates)
    audit.record(session, resource=after.name, after=after)
    return after


async def _write(
    session: AsyncSession,
    row: TaxRate,
    requested: pb.TaxRate,
    now: datetime,
    rates: Sequence[RateWithRules],
) -> pb.TaxRate:
    """Stores a checked rate with its rules; `rates` are the tenant's as they were before.

    Raises:
        FailedPrecondition: TAX_RATES_FULL.
        AlreadyExists: TAX_DEFAULT_TAKEN.
    """
    others = [(other, rules) for other, rules in rates if other.tax_rate_id != row.tax_rate_id]
    refuse_full(len(others), sum(len(rules) for _, rules in others) + len(requested.rules))
    for other, _ in others:
        if requested.is_default and other.is_default and other.tax_region_id == row.tax_region_id:
            raise AlreadyExists(
                "TAX_DEFAULT_TAKEN",
                f"{other.tax_rate_id} is already the default of this tax region, and a region has"
                " one. Make that one no default first.",
                tax_rate=other.tax_rate_id,
            )
    row.name, row.code = requested.display_name, requested.tax_code
    row.percent = percent_of(requested)
    row.is_default, row.is_combinable = requested.is_default, requested.is_combinable
    row.extra = metadata_of(requested)
    row.update_time = now
    session.add(row)
    await session.flush()
    rules = rules_of(requested)
    await queries.set_rules(session, row.tax_rate_id, rules)
    return rate_message(row, rules)


def refuse_full(others: int, rules: int) -> None:
    """Refuses one more rate than a tenant can have, or more rules than all of them together.

    Raises:
        FailedPrecondition: TAX_RATES_FULL.
    """
    if others >= MOST_RATES:
        raise FailedPrecondition(
            "TAX_RATES_FULL", f"A tenant can have at most {MOST_RATES} tax rates. Delete one first."
        )
    if rules > MOST_RULES:
        raise FailedPrecondition(
            "TAX_RATES_FULL",
            f"A tenant's tax rates can have at most {MOST_RULES} rules together. Name product"
            " types instead of products, or remove a rule first.",
        )


def _existing(rates: Sequence[RateWithRules], name: str) -> RateWithRules:
    rate_id = names.parse(name, _RATE)[1]
    for row, rules in rates:
        if row.tax_rate_id == rate_id:
            return row, rules
    raise NotFound("TAX_RATE_NOT_FOUND", f"No such tax rate: {rate_id[:100]}", tax_rate=name)


def _fits(rate: pb.TaxRate, request: pb.ListTaxRatesRequest) -> bool:
    text = f"{rate.display_name}\n{rate.tax_code}".casefold()
    return (
        request.query.casefold() in text
        and (not request.tax_rate_ids or names.parse(rate.name, _RATE)[1] in request.tax_rate_ids)
        and (not request.tax_region_ids or rate.tax_region_id in request.tax_region_ids)
        and (not request.HasField("is_default") or rate.is_default == request.is_default)
    )
