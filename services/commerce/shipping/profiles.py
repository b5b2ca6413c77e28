"""ShippingProfileService: staff set up which goods are shipped alike."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import shipping_profile_service_pb2 as pb
from souk.commerce.v1.shipping_profile_service_pb2_grpc import ShippingProfileServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import ShippingProfile
from services.commerce.setup.setup import setup_changed
from services.commerce.shipping import queries
from services.commerce.shipping.listing import page
from services.commerce.shipping.messages import PROFILE, checked_profile, profile_message
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.values.structs import metadata_of

MOST_PROFILES = 50


class ShippingProfileServicer(ShippingProfileServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetShippingProfile(
        self, request: pb.GetShippingProfileRequest, _context: object
    ) -> pb.ShippingProfile:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return profile_message(await _existing(session, request.name))

    async def ListShippingProfiles(
        self, request: pb.ListShippingProfilesRequest, _context: object
    ) -> pb.ListShippingProfilesResponse:
        current_scope().require_parent(request.parent)
        ids = [names.parse(name, PROFILE)[1] for name in request.shipping_profiles]
        async with self._db.tenant() as session:
            rows = await queries.profiles(session)
        found = [
            profile_message(row)
            for row in rows
            if request.query.casefold() in row.name.casefold()
            and (not ids or row.profile_id in ids)
            and request.display_name in ("", row.name)
            and request.type in ("", row.type)
        ]
        rows_of_page, total = page(request, found)
        return pb.ListShippingProfilesResponse(shipping_profiles=rows_of_page, total_size=total)

    async def CreateShippingProfile(
        self, request: pb.CreateShippingProfileRequest, _context: object
    ) -> pb.ShippingProfile:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.ShippingProfile):
                return answer
            await setup_changed(session)
            if len(await queries.profiles(session)) >= MOST_PROFILES:
                raise FailedPrecondition(
                    "SHIPPING_PROFILES_FULL",
                    f"A tenant can have at most {MOST_PROFILES} shipping profiles."
                    " Delete one first.",
                )
            now = datetime.now(UTC)
            row = ShippingProfile(profile_id=names.new_id("sp"), version=1, create_time=now)
            after = await _write(session, row, checked_profile(request.shipping_profile), now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateShippingProfile(
        self, request: pb.UpdateShippingProfileRequest, _context: object
    ) -> pb.ShippingProfile:
        current_scope().require(request.shipping_profile.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing(session, request.shipping_profile.name)
            before = profile_message(row)
            requested = updates.apply(request.shipping_profile, request.update_mask, to=before)
            if requested == before:
                return before
            row.version += 1
            after = await _write(session, row, checked_profile(requested), datetime.now(UTC))
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteShippingProfile(
        self, request: pb.DeleteShippingProfileRequest, _context: object
    ) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row = await _existing(session, request.name)
            updates.check_etag(request.etag, row.version)
            if any(o.profile_id == row.profile_id for o in await queries.options(session)):
                raise FailedPrecondition(
                    "SHIPPING_PROFILE_IN_USE",
                    "Shipping options have this profile. Delete them, or give them another first.",
                )
            before = profile_message(row)
            await session.delete(row)
            audit.record(session, resource=before.name, before=before)
            return Empty()


async def _existing(session: AsyncSession, name: str) -> ShippingProfile:
    """Reads a profile.

    Raises:
        NotFound: SHIPPING_PROFILE_NOT_FOUND.
    """
    profile_id = names.parse(name, PROFILE)[1]
    for row in await queries.profiles(session):
        if row.profile_id == profile_id:
            return row
    raise NotFound("SHIPPING_PROFILE_NOT_FOUND", f"No such shipping profile: {profile_id[:100]}")


async def _write(
    session: AsyncSession, row: ShippingProfile, requested: pb.ShippingProfile, now: datetime
) -> pb.ShippingProfile:
    """Stores a checked profile.

    Raises:
        AlreadyExists: SHIPPING_PROFILE_TAKEN.
    """
    for other in await queries.profiles(session):
        if other.name == requested.display_name and other.profile_id != row.profile_id:
            raise AlreadyExists(
                "SHIPPING_PROFILE_TAKEN",
                f"The shipping profile {other.profile_id} has this name already. Use another.",
            )
    row.name, row.type, row.update_time = requested.display_name, requested.type, now
    row.extra = metadata_of(requested)
    session.add(row)
    await session.flush()
    return profile_message(row)
