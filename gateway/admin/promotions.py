"""Medusa's promotions: what the shop of the request's tenant takes off."""

from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.promotion_service_pb2 import (
    BatchChangePromotionRulesRequest,
    CreatePromotionRequest,
    DeletePromotionRequest,
    GetPromotionRequest,
    ListPromotionsRequest,
    UpdatePromotionRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.promotion import (
    PromotionCreate,
    PromotionDocument,
    PromotionRuleBatch,
    PromotionRuleDocument,
    PromotionUpdate,
)
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.call.scope import Scope

PROMOTIONS = Resource(
    "promotion",
    "promotions",
    PromotionDocument,
    Query(
        filters={
            "q": Text(most_characters(ListPromotionsRequest, "query")),
            "id": Many(most_entries(ListPromotionsRequest, "promotions"), of=Id()),
            "code": One(most_characters(ListPromotionsRequest, "code")),
            "campaign_id": One(most_characters(ListPromotionsRequest, "campaign_id")),
        },
        order=("created_at", "updated_at", "code", "id"),
    ),
)
PromotionQuery = Annotated[ParsedQuery, Depends(PROMOTIONS.query_of_answer)]
RuleType = Literal["rules", "target-rules", "buy-rules"]
_KIND = BatchChangePromotionRulesRequest
_KINDS = {
    "rules": _KIND.KIND_RULES,
    "target-rules": _KIND.KIND_TARGET_RULES,
    "buy-rules": _KIND.KIND_BUY_RULES,
}

router = Router(
    prefix="/admin/promotions",
    tags=["Tenants"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class PromotionAnswer(BaseModel):
    promotion: PromotionDocument


class PromotionsAnswer(Envelope):
    promotions: list[PromotionDocument]


class PromotionRuleBatchAnswer(BaseModel):
    created: list[PromotionRuleDocument]
    updated: list[PromotionRuleDocument]
    deleted: responses.DeletedInBatch


_PROMOTION = responses.documented(PromotionAnswer, "The promotion.")


@router.get(
    "",
    summary="List promotions",
    responses=responses.documented(PromotionsAnswer, "A page of promotions."),
    openapi_extra=PROMOTIONS.documented_list,
)
async def list_promotions(request: Request, scope: CurrentScope, clients: ClientsOf) -> Response:
    """Lists the promotions of the request's tenant, oldest first."""
    query = PROMOTIONS.list_query(request)
    found = await clients.promotions.ListPromotions(
        ListPromotionsRequest(
            parent=f"tenants/{scope.tenant}",
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            query=query.one("q"),
            promotions=[promotion_name(scope, id_) for id_ in query.many("id")],
            code=query.one("code"),
            campaign_id=query.one("campaign_id"),
        )
    )
    return PROMOTIONS.page(query, found.promotions, count=found.total_size)


@router.post(
    "",
    summary="Create a promotion",
    responses=_PROMOTION,
    openapi_extra=PROMOTIONS.documented_one,
)
async def create_promotion(
    scope: CurrentScope,
    query: PromotionQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: PromotionCreate,
) -> Response:
    """Creates a promotion: a draft, unless `status` says otherwise."""
    promotion = await clients.promotions.CreatePromotion(
        CreatePromotionRequest(
            parent=f"tenants/{scope.tenant}", promotion=body.to_message(), request_id=key
        )
    )
    return PROMOTIONS.one(query, promotion)


@router.get(
    "/{promotion_id}",
    summary="Get a promotion",
    responses=_PROMOTION,
    openapi_extra=PROMOTIONS.documented_one,
)
async def get_promotion(
    promotion_id: str, request: Request, scope: CurrentScope, clients: ClientsOf
) -> Response:
    """Returns one promotion of the request's tenant."""
    query = PROMOTIONS.one_query(request)
    promotion = await clients.promotions.GetPromotion(
        GetPromotionRequest(name=promotion_name(scope, promotion_id))
    )
    return PROMOTIONS.one(query, promotion)


@router.post(
    "/{promotion_id}",
    summary="Update a promotion",
    responses=_PROMOTION,
    openapi_extra=PROMOTIONS.documented_one,
)
async def update_promotion(
    promotion_id: str,
    scope: CurrentScope,
    query: PromotionQuery,
    clients: ClientsOf,
    etag: IfMatch,
    body: PromotionUpdate,
) -> Response:
    """Updates the fields in the body; orders keep what they were given."""
    change = body.to_message(name=promotion_name(scope, promotion_id), etag=etag)
    promotion = await clients.promotions.UpdatePromotion(
        UpdatePromotionRequest(promotion=change, update_mask=body.to_mask())
    )
    return PROMOTIONS.one(query, promotion)


@router.delete(
    "/{promotion_id}",
    summary="Delete a promotion",
    responses=responses.documented(responses.Deleted, "The promotion is deleted."),
)
async def delete_promotion(
    promotion_id: str, scope: CurrentScope, clients: ClientsOf, etag: IfMatch
) -> Response:
    """Deletes a promotion; carts lose it, orders keep what they were given."""
    await clients.promotions.DeletePromotion(
        DeletePromotionRequest(name=promotion_name(scope, promotion_id), etag=etag)
    )
    return responses.deleted("promotion", promotion_id)


@router.post(
    "/{promotion_id}/{rule_type}/batch",
    summary="Create, update and delete rules of a promotion",
    responses=responses.documented(PromotionRuleBatchAnswer, "What became of each rule."),
)
async def change_promotion_rules(
    promotion_id: str,
    rule_type: RuleType,
    scope: CurrentScope,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: PromotionRuleBatch,
) -> Response:
    """Changes the rules of one kind in one transaction: all, or none."""
    done = await clients.promotions.BatchChangePromotionRules(
        body.to_message(
            name=promotion_name(scope, promotion_id), kind=_KINDS[rule_type], request_id=key
        )
    )
    return responses.batch(
        "promotion-rule",
        created=PromotionRuleDocument.to_list(done.created),
        updated=PromotionRuleDocument.to_list(done.updated),
        deleted=list(done.deleted),
    )


def promotion_name(scope: Scope, promotion_id: str) -> str:
    return f"tenants/{scope.tenant}/promotions/{promotion_id}"
