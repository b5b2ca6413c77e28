"""The translation methods of CatalogService."""

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb

from services.catalog_opt_in.head_office import HeadOffice
from services.catalog_opt_in.models import Translation
from services.catalog_opt_in.translations import batch, queries
from services.catalog_opt_in.translations.kinds import KINDS, prefix_of
from services.catalog_opt_in.translations.messages import translation_message
from services.kernel.call.errors import invalid
from services.kernel.data import pages, requests

_ORDERS = {
    "created_at": (Translation.created_at, Translation.translation_id),
    "updated_at": (Translation.updated_at, Translation.translation_id),
    "id": (Translation.translation_id,),
}


class Translations:
    _office: HeadOffice

    async def ListTranslations(
        self, request: pb.ListTranslationsRequest, _context: object
    ) -> pb.ListTranslationsResponse:
        statement = queries.matching(
            reference_ids=request.reference_ids,
            prefix=_prefix(request.reference),
            locales=request.locales,
        )
        async with self._office.reading() as session:
            rows, token, total = await pages.read_page(session, request, statement, _ORDERS)
        return pb.ListTranslationsResponse(
            translations=map(translation_message, rows),
            next_page_token=token,
            total_size=total,
        )

    async def BatchChangeTranslations(
        self, request: pb.BatchChangeTranslationsRequest, _context: object
    ) -> pb.BatchChangeTranslationsResponse:
        async with self._office.writing() as session:
            kind = pb.BatchChangeTranslationsResponse
            if answer := await requests.stored_answer(session, request, kind):
                return answer
            return await requests.remember(session, request, await batch.change(session, request))


def _prefix(reference: str) -> str:
    if not reference:
        return ""
    prefix = prefix_of(reference)
    if prefix is None:
        kinds = ", ".join(kind.reference for kind in KINDS.values())
        raise invalid("FIELD_INVALID", {"reference": f"must be one of {kinds}"})
    return prefix
