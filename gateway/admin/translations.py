"""Translations: the catalogue's texts in other languages."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import ListTranslationsRequest

from gateway.clients import ClientsOf
from gateway.documents.translation import TranslationBatch, TranslationDocument
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Choice, Many
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.query import Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import last_id
from gateway.request_state import BATCH_SECONDS
from services.kernel.call.limits import most_entries

REFERENCES = (
    "product",
    "product_variant",
    "product_option",
    "product_option_value",
    "product_collection",
    "product_category",
    "product_tag",
    "product_type",
)
TRANSLATIONS = Resource(
    "translation",
    "translations",
    TranslationDocument,
    Query(
        filters={
            "reference_id": Many(most_entries(ListTranslationsRequest, "reference_ids")),
            "reference": Choice(REFERENCES),
            "locale_code": Many(most_entries(ListTranslationsRequest, "locales")),
        },
        order=("created_at", "updated_at", "id"),
        limit=20,
    ),
)

router = Router(
    prefix="/admin/translations",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class TranslationsAnswer(Envelope):
    translations: list[TranslationDocument]


class TranslationBatchAnswer(BaseModel):
    created: list[TranslationDocument]
    updated: list[TranslationDocument]
    deleted: responses.DeletedInBatch


@router.get(
    "",
    summary="List translations",
    responses=responses.documented(TranslationsAnswer, "A page of translations."),
    openapi_extra=TRANSLATIONS.documented_list,
)
async def list_translations(request: Request, _: HeadOfficeScope, clients: ClientsOf) -> Response:
    """Lists translations, the oldest first by default."""
    query = TRANSLATIONS.list_query(request)
    found = await clients.catalogue.ListTranslations(
        ListTranslationsRequest(
            page_size=query.limit,
            skip=query.offset,
            order_by=query.order,
            reference_ids=query.many("reference_id"),
            reference=query.one("reference"),
            locales=query.many("locale_code"),
        )
    )
    return TRANSLATIONS.page(query, found.translations, count=found.total_size)


@router.post(
    "/batch",
    summary="Create, update and delete translations",
    responses=responses.documented(TranslationBatchAnswer, "What became of each row."),
)
async def change_translations(
    _: HeadOfficeScope, clients: ClientsOf, key: IdempotencyKey, body: TranslationBatch
) -> Response:
    """Creates, updates and deletes translations in one transaction: all, or none.

    Each row that changes something leaves an event of its own; x-audit-event names the first 20.
    """
    done = await clients.catalogue.BatchChangeTranslations(
        body.to_message(request_id=key), timeout=BATCH_SECONDS
    )
    return responses.batch(
        "translation",
        created=TranslationDocument.to_list(done.created),
        updated=TranslationDocument.to_list(done.updated),
        deleted=[last_id(translation) for translation in done.deleted],
    )
