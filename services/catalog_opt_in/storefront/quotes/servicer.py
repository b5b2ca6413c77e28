"""The method of StorefrontService that says what variants cost."""

from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.storefront import queries
from services.catalog_opt_in.storefront.currencies import checked
from services.catalog_opt_in.storefront.quotes import rules
from services.catalog_opt_in.storefront.quotes.messages import quote_message
from services.catalog_opt_in.storefront.shops import require_open
from services.kernel.call.errors import invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database


class QuoteReads:
    _db: Database

    async def QuoteVariants(
        self, request: pb.QuoteVariantsRequest, _context: object
    ) -> pb.QuoteVariantsResponse:
        current_scope().require_parent(request.parent)
        require_open()
        if wrong := dict(rules.problems(request.variants)):
            raise invalid("FIELD_INVALID", wrong)
        products, version = await queries.quotable(
            self._db,
            request.variants,
            request.locales,
            checked(request.currency_code),
            groups=request.customer_groups,
        )
        quotes = rules.quotes(request.variants, products)
        return pb.QuoteVariantsResponse(
            quotes=[
                quote_message(variant, quote)
                for variant, quote in zip(request.variants, quotes, strict=True)
            ],
            catalogue_version=version,
        )
