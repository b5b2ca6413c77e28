"""PromotionService: staff set up what their shop takes off."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.commerce.v1 import promotion_service_pb2 as pb
from souk.commerce.v1.promotion_service_pb2_grpc import PromotionServiceServicer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.models import Promotion
from services.commerce.promotions import queries
from services.commerce.promotions.checking import checked
from services.commerce.promotions.messages import promotion_message, put
from services.commerce.promotions.rule_changes import change_rules, in_request
from services.commerce.promotions.rules import MOST_AUTOMATIC, MOST_PROMOTIONS, code_key
from services.commerce.setup.setup import setup_changed
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.data.arrays import among
from services.kernel.data.database import Database
from services.kernel.evidence import audit

PROMOTION = "tenants/{tenant}/promotions/{promotion}"
_ORDERS: dict[str, pages.Columns] = {
    "created_at": (Promotion.create_time, Promotion.promotion_id),
    "updated_at": (Promotion.update_time, Promotion.promotion_id),
    "code": (Promotion.code_key,),
    "id": (Promotion.promotion_id,),
}


class PromotionServicer(PromotionServiceServicer):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetPromotion(self, request: pb.GetPromotionRequest, _context: object) -> pb.Promotion:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return (await _existing(session, request.name))[1]

    async def ListPromotions(
        self, request: pb.ListPromotionsRequest, _context: object
    ) -> pb.ListPromotionsResponse:
        current_scope().require_parent(request.parent)
        statement = select(Promotion)
        if request.promotions:
            ids = [names.parse(name, PROMOTION)[1] for name in request.promotions]
            statement = statement.where(among(Promotion.promotion_id, ids))
        if request.query:
            statement = statement.where(Promotion.code.icontains(request.query, autoescape=True))
        if request.code:
            statement = statement.where(Promotion.code_key == code_key(request.code))
        if request.campaign_id:
            statement = statement.where(Promotion.campaign_id == request.campaign_id)
        async with self._db.tenant() as session:
            rows, _, total = await pages.read_page(session, request, statement, _ORDERS)
            used = await queries.used_together(session, [row.promotion_id for row in rows])
        found = [promotion_message(row, used.get(row.promotion_id, 0)) for row in rows]
        return pb.ListPromotionsResponse(promotions=found, total_size=total)

    async def CreatePromotion(
        self, request: pb.CreatePromotionRequest, _context: object
    ) -> pb.Promotion:
        current_scope().require_parent(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.Promotion):
                return answer
            await setup_changed(session)
            if await queries.number_of_promotions(session) >= MOST_PROMOTIONS:
                raise _full(f"{MOST_PROMOTIONS} promotions", "Delete one first.")
            now = datetime.now(UTC)
            row = Promotion(promotion_id=names.new_id("promo"), version=1, create_time=now)
            requested = checked(_without_ids(request.promotion))
            after = await _write(session, row, requested, now)
            audit.record(session, resource=after.name, after=after)
            return await requests.remember(session, request, after)

    async def UpdatePromotion(
        self, request: pb.UpdatePromotionRequest, _context: object
    ) -> pb.Promotion:
        current_scope().require(request.promotion.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before = await _existing(session, request.promotion.name)
            requested = updates.apply(request.promotion, request.update_mask, to=before)
            if requested == before:
                return before
            return await _change(session, row, before, requested)

    async def DeletePromotion(self, request: pb.DeletePromotionRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            await setup_changed(session)
            row, before = await _existing(session, request.name)
            updates.check_etag(request.etag, row.version)
            await session.delete(row)
            await queries.forget_uses(session, row.promotion_id)
            audit.record(session, resource=before.name, before=before)
            return Empty()

    async def BatchChangePromotionRules(
        self, request: pb.BatchChangePromotionRulesRequest, _context: object
    ) -> pb.BatchChangePromotionRulesResponse:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            answer = pb.BatchChangePromotionRulesResponse()
            if not (request.creates or request.updates or request.deletes):
                await _existing(session, request.name)
                return answer
            if stored := await requests.stored_answer(session, request, type(answer)):
                return stored
            await setup_changed(session)
            row, before = await _existing(session, request.name)
            requested = pb.Promotion()
            requested.CopyFrom(before)
            places = change_rules(requested, request, answer)
            try:
                await _change(session, row, before, requested)
            except InvalidArgument as refusal:
                raise in_request(refusal, request, places) from None
            return await requests.remember(session, request, answer)


async def _existing(session: AsyncSession, name: str) -> tuple[Promotion, pb.Promotion]:
    """Reads a promotion.

    Raises:
        NotFound: PROMOTION_NOT_FOUND.
    """
    promotion_id = names.parse(name, PROMOTION)[1]
    row = await queries.promotion(session, promotion_id)
    if row is None:
        raise NotFound("PROMOTION_NOT_FOUND", f"No such promotion: {promotion_id[:100]}")
    used = await queries.used_together(session, [promotion_id])
    return row, promotion_message(row, used.get(promotion_id, 0))


async def _change(
    session: AsyncSession, row: Promotion, before: pb.Promotion, requested: pb.Promotion
) -> pb.Promotion:
    """Stores what differs from `before`, with its event."""
    requested = checked(requested)
    if requested == before:
        return before
    row.version += 1
    after = await _write(session, row, requested, datetime.now(UTC))
    audit.record(session, resource=after.name, before=before, after=after)
    return after


async def _write(
    session: AsyncSession, row: Promotion, requested: pb.Promotion, now: datetime
) -> pb.Promotion:
    """Stores a checked promotion.

    Raises:
        AlreadyExists: CODE_TAKEN.
        NotFound: CAMPAIGN_NOT_FOUND.
        FailedPrecondition: PROMOTIONS_FULL.
    """
    id_, key = row.promotion_id, code_key(requested.code)
    if await queries.is_code_taken(session, key, besides=id_):
        raise AlreadyExists(
            "CODE_TAKEN", f"Another promotion has the code {requested.code}. Choose another one."
        )
    campaign_id = requested.campaign_id
    if campaign_id and await queries.campaign(session, campaign_id) is None:
        raise NotFound("CAMPAIGN_NOT_FOUND", f"No such campaign: {campaign_id[:100]}")
    is_looked_at_by_all = requested.is_automatic and requested.status == pb.Promotion.STATUS_ACTIVE
    if is_looked_at_by_all and (
        await queries.number_of_automatic(session, besides=id_) >= MOST_AUTOMATIC
    ):
        raise _full(
            f"{MOST_AUTOMATIC} active promotions without a code", "Make one inactive first."
        )
    put(requested, row)
    row.update_time = now
    session.add(row)
    await session.flush()
    return promotion_message(row, requested.used)


def _without_ids(promotion: pb.Promotion) -> pb.Promotion:
    """Ids of rules are made anew, and nothing of a new promotion has been used."""
    result = pb.Promotion()
    result.CopyFrom(promotion)
    for rules in (result.rules, result.target_rules, result.buy_rules):
        for rule in rules:
            rule.id = ""
    result.used = 0
    return result


def _full(what: str, do: str) -> FailedPrecondition:
    return FailedPrecondition("PROMOTIONS_FULL", f"A tenant can have at most {what}. {do}")
