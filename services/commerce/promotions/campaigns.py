"""CampaignService: staff set up when promotions apply, and how much they may give."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import campaign_service_pb2 as pb
from souk.commerce.v1.campaign_service_pb2_grpc import CampaignServiceServicer
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Campaign, Promotion
from services.commerce.promotions import queries
from services.commerce.promotions.campaign_messages import (
    campaign_message,
    checked,
    counts_the_same,
    put,
)
from services.commerce.promotions.messages import promotion_message
from services.commerce.promotions.rules import MOST_CAMPAIGNS
from services.commerce.promotions.servicer import PROMOTION
from services.commerce.setup.setup import setup_changed
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.arrays import among
from services.kernel.data.database import Database
from services.kernel.evidence import audit

_CAMPAIGN = "tenants/{tenant}/campaigns/{campaign}"
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (Campaign.create_time, Campaign.campaign_id),
    "updated_at": (Campaign.update_time, Campaign.campaign_id),
    "name": (Campaign.name, Campaign.campaign_id),
    "id": (Campaign.campaign_id,),
}


class CampaignServicer(CampaignServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetCampaign(self, request: pb.GetCampaignRequest, _context: object) -> pb.Campaign:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return (await _existing(session, request.name))[1]

    async def ListCampaigns(
        self, request: pb.ListCampaignsRequest, _context: object
    ) -> pb.ListCampaignsResponse:
        current_scope().require_parent(request.parent)
        statement = select(Campaign)
        if request.campaigns:
            ids = [names.parse(name, _CAMPAIGN)[1] for name in request.campaigns]
            statement = statement.where(among(Campaign.campaign_id, ids))
        if request.query:
            texts = (Campaign.name, Campaign.identifier)
            statement = statement.where(
                or_(*(text.icontains(request.query, autoescape=True) for text in texts))
            )
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(session, request, statement, _ORDERS)
            used = await queries.used_together(session, [row.campaign_id for row in rows])
        found = [campaign_message(row, used.get(row.campaign_id, 0)) for row in rows]
        return pb.ListCampaignsResponse(campaigns=found, total_size=total)

    async def CreateCampaign(
        self, request: pb.CreateCampaignRequest, _context: object
    ) -> pb.Campaign:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.Campaign):
                return answer
            await setup_changed(session)
            if await queries.number_of_campaigns(session) >= MOST_CAMPAIGNS:
                raise FailedPrecondition(
                    "CAMPAIGNS_FULL",
                    f"A tenant can have at most {MOST_CAMPAIGNS} campaigns. Delete one first.",
                )
            now = datetime.now(UTC)
            row = Campaign(campaign_id=names.new_id("procamp"), version=1, create_time=now)
            after = await _write(session, row, checked(request.campaign), now, used=0)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdateCampaign(
        self, request: pb.UpdateCampaignRequest, _context: object
    ) -> pb.Campaign:
        current_scope().require(request.campaign.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before, used = await _existing(session, request.campaign.name)
            requested = updates.apply(request.campaign, request.update_mask, to=before)
            if requested == before:
                return before
            requested = checked(requested)
            if requested == before:
                return before
            if used and not counts_the_same(before, requested):
                raise FailedPrecondition(
                    "BUDGET_USED",
                    "Something of the budget has been used. What it counts cannot change any"
                    " more: create another campaign.",
                )
            row.version += 1
            after = await _write(session, row, requested, datetime.now(UTC), used=used)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteCampaign(self, request: pb.DeleteCampaignRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before, _ = await _existing(session, request.name)
            updates.check_etag(request.etag, row.version)
            if await queries.has_promotions(session, row.campaign_id):
                raise FailedPrecondition(
                    "CAMPAIGN_IN_USE",
                    "The campaign has promotions, which would apply without its end and its budget."
                    " Take them out first.",
                )
            await session.delete(row)
            await queries.forget_uses(session, row.campaign_id)
            audit.record(session, resource=before.name, before=before)
            return Empty()

    async def BatchChangeCampaignPromotions(
        self, request: pb.BatchChangeCampaignPromotionsRequest, _context: object
    ) -> pb.Campaign:
        current_scope().require(request.name)
        adds = [names.parse(name, PROMOTION)[1] for name in request.adds]
        removes = [names.parse(name, PROMOTION)[1] for name in request.removes]
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.Campaign):
                return answer
            await setup_changed(session)
            row, message, _ = await _existing(session, request.name)
            found = await _promotions(session, [*adds, *removes])
            used = await queries.used_together(session, [one.promotion_id for one in found])
            for promotion in found:
                if promotion.promotion_id in adds:
                    _move(session, promotion, row.campaign_id, used.get(promotion.promotion_id, 0))
                elif promotion.campaign_id == row.campaign_id:
                    _move(session, promotion, None, used.get(promotion.promotion_id, 0))
            return await requests.remember(session, request, message)


async def _existing(session: AsyncSession, name: str) -> tuple[Campaign, pb.Campaign, int]:
    """Reads a campaign, and what has been used of its budget.

    Raises:
        NotFound: CAMPAIGN_NOT_FOUND.
    """
    campaign_id = names.parse(name, _CAMPAIGN)[1]
    row = await queries.campaign(session, campaign_id)
    if row is None:
        raise NotFound("CAMPAIGN_NOT_FOUND", f"No such campaign: {campaign_id[:100]}")
    used = (await queries.used_together(session, [campaign_id])).get(campaign_id, 0)
    return row, campaign_message(row, used), used


async def _write(
    session: AsyncSession, row: Campaign, requested: pb.Campaign, now: datetime, *, used: int
) -> pb.Campaign:
    """Stores a checked campaign.

    Raises:
        AlreadyExists: CAMPAIGN_EXISTS.
    """
    identifier = requested.identifier
    if await queries.is_identifier_taken(session, identifier, besides=row.campaign_id):
        raise AlreadyExists(
            "CAMPAIGN_EXISTS", f"Another campaign is called {identifier}. Choose another one."
        )
    put(requested, row)
    row.update_time = now
    session.add(row)
    await session.flush()
    return campaign_message(row, used)


async def _promotions(session: AsyncSession, ids: Sequence[str]) -> Sequence[Promotion]:
    """Reads promotions, all of which must be there.

    Raises:
        NotFound: PROMOTION_NOT_FOUND.
    """
    found = await queries.promotions(session, ids)
    if missing := set(ids) - {row.promotion_id for row in found}:
        raise NotFound("PROMOTION_NOT_FOUND", f"No such promotion: {min(missing)[:100]}")
    return found


def _move(session: AsyncSession, row: Promotion, campaign_id: str | None, used: int) -> None:
    if row.campaign_id == campaign_id:
        return
    before = promotion_message(row, used)
    row.campaign_id, row.update_time = campaign_id, datetime.now(UTC)
    row.version += 1
    after = promotion_message(row, used)
    audit.record(session, resource=after.name, before=before, after=after)
