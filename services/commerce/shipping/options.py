"""ShippingOptionService: staff set up how their tenant ships, and at which prices."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from google.protobuf.field_mask_pb2 import FieldMask
from souk.commerce.v1 import shipping_option_service_pb2 as pb
from souk.commerce.v1.shipping_option_service_pb2_grpc import ShippingOptionServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.markets.queries import markets
from services.commerce.models import ShippingOption
from services.commerce.setup.setup import setup_changed
from services.commerce.shipping import queries
from services.commerce.shipping.listing import page
from services.commerce.shipping.option_messages import (
    OPTION,
    changed_rules,
    checked,
    option_message,
    price_type,
    stored_prices,
    stored_rules,
)
from services.commerce.shipping.rules import is_for_returns, is_for_staff
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.structs import metadata_of, struct_json

MOST_OPTIONS = 200


class ShippingOptionServicer(ShippingOptionServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetShippingOption(
        self, request: pb.GetShippingOptionRequest, _context: object
    ) -> pb.ShippingOption:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return option_message(await _existing(session, request.name))

    async def ListShippingOptions(
        self, request: pb.ListShippingOptionsRequest, _context: object
    ) -> pb.ListShippingOptionsResponse:
        current_scope().require_parent(request.parent)
        ids = [names.parse(name, OPTION)[1] for name in request.shipping_options]
        async with self._db.tenant() as session:
            rows = await queries.options(session)
        found = [
            message
            for row in rows
            if (not ids or row.option_id in ids) and _fits(message := option_message(row), request)
        ]
        rows_of_page, total = page(request, found)
        return pb.ListShippingOptionsResponse(shipping_options=rows_of_page, total_size=total)

    async def CreateShippingOption(
        self, request: pb.CreateShippingOptionRequest, _context: object
    ) -> pb.ShippingOption:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.ShippingOption):
                return answer
            await setup_changed(session)
            if len(await queries.options(session)) >= MOST_OPTIONS:
                raise FailedPrecondition(
                    "SHIPPING_OPTIONS_FULL",
                    f"A tenant can have at most {MOST_OPTIONS} shipping options. Delete one first.",
                )
            now = datetime.now(UTC)
            row = ShippingOption(option_id=names.new_id("so"), version=1, create_time=now)
            after = await _write(session, row, request.shipping_option, now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateShippingOption(
        self, request: pb.UpdateShippingOptionRequest, _context: object
    ) -> pb.ShippingOption:
        current_scope().require(request.shipping_option.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing(session, request.shipping_option.name)
            before = option_message(row)
            requested = updates.apply(request.shipping_option, request.update_mask, to=before)
            if requested == before:
                return before
            row.version += 1
            after = await _write(session, row, requested, datetime.now(UTC))
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def ChangeShippingRules(
        self, request: pb.ChangeShippingRulesRequest, _context: object
    ) -> pb.ShippingOption:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.ShippingOption):
                return answer
            await setup_changed(session)
            row = await _existing(session, request.name)
            before = option_message(row)
            rules = changed_rules(before, request)
            requested = updates.apply(
                pb.ShippingOption(rules=rules), FieldMask(paths=["rules"]), to=before
            )
            if requested == before:
                return before
            row.version += 1
            after = await _write(session, row, requested, datetime.now(UTC))
            audit.record(session, resource=after.name, before=before, after=after)
            return await requests.remember(session, request, after)

    async def DeleteShippingOption(
        self, request: pb.DeleteShippingOptionRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing(session, request.name)
            updates.check_etag(request.etag, row.version)
            before = option_message(row)
            await session.delete(row)
            audit.record(session, resource=before.name, before=before)
            return Empty()


async def _existing(session: AsyncSession, name: str) -> ShippingOption:
    """Reads an option.

    Raises:
        NotFound: SHIPPING_OPTION_NOT_FOUND.
    """
    option_id = names.parse(name, OPTION)[1]
    for row in await queries.options(session):
        if row.option_id == option_id:
            return row
    raise NotFound("SHIPPING_OPTION_NOT_FOUND", f"No such shipping option: {option_id[:100]}")


async def _write(
    session: AsyncSession, row: ShippingOption, requested: pb.ShippingOption, now: datetime
) -> pb.ShippingOption:
    """Stores an option.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
        NotFound: SERVICE_ZONE_NOT_FOUND, SHIPPING_PROFILE_NOT_FOUND or REGION_NOT_FOUND.
    """
    option = checked(requested, await markets(session))
    zone_id, profile_id = option.service_zone_id, option.shipping_profile_id
    if not any(zone.zone_id == zone_id for zone in await queries.zones(session)):
        raise NotFound("SERVICE_ZONE_NOT_FOUND", f"No such service zone: {zone_id[:100]}")
    if not any(one.profile_id == profile_id for one in await queries.profiles(session)):
        raise NotFound(
            "SHIPPING_PROFILE_NOT_FOUND", f"No such shipping profile: {profile_id[:100]}"
        )
    kind = option.type
    row.name, row.zone_id, row.profile_id = option.display_name, zone_id, profile_id
    row.provider_id, row.price_type = option.provider_id, price_type(option).value
    row.type = (
        {"label": kind.label, "description": kind.description, "code": kind.handle}
        if option.HasField("type")
        else None
    )
    row.prices = [price.model_dump(mode="json") for price in stored_prices(option)]
    row.rules = [rule.model_dump(mode="json") for rule in stored_rules(option.rules)]
    row.data = struct_json(option.data) if option.HasField("data") else None
    row.extra = metadata_of(option)
    row.update_time = now
    session.add(row)
    await session.flush()
    return option_message(row)


def _fits(option: pb.ShippingOption, request: pb.ListShippingOptionsRequest) -> bool:
    conditions = [rule.condition for rule in stored_rules(option.rules)]
    zones, profiles = request.service_zone_ids, request.shipping_profile_ids
    return (
        request.query.casefold() in option.display_name.casefold()
        and (not zones or option.service_zone_id in zones)
        and (not profiles or option.shipping_profile_id in profiles)
        and request.provider_id in ("", option.provider_id)
        and (not request.HasField("is_return") or request.is_return == is_for_returns(conditions))
        and (not request.HasField("admin_only") or request.admin_only == is_for_staff(conditions))
    )
