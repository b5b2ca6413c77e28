"""The methods of StorefrontService that read variants and options."""

from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.storefront import queries
from services.catalog_opt_in.storefront.currencies import priced_in
from services.catalog_opt_in.storefront.parts import rules
from services.catalog_opt_in.storefront.shops import require_open
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database

_VARIANT_ORDERS = {name: name for name in ("id", "title", "sku")}
_OPTION_ORDERS = {name: name for name in ("id", "title")}


class PartReads:
    _db: Database

    async def ListStoreVariants(
        self, request: pb.ListStoreVariantsRequest, _context: object
    ) -> pb.ListStoreVariantsResponse:
        current_scope().require_parent(request.parent)
        require_open()
        page = queries.Page(
            *pages.window(request),
            *pages.order_by(request.order_by, _VARIANT_ORDERS, default="id"),
        )
        found = await queries.variants(
            self._db,
            page,
            ids=request.ids,
            products=request.product_ids,
            skus=request.skus,
            query=search_words(request.query),
            locales=request.locales,
        )
        products = await priced_in(self._db, request.currency_code, found.documents)
        return pb.ListStoreVariantsResponse(
            documents=rules.variants(found.ids, products),
            total_size=found.total,
            catalogue_version=found.version,
        )

    async def ListStoreOptions(
        self, request: pb.ListStoreOptionsRequest, _context: object
    ) -> pb.ListStoreOptionsResponse:
        current_scope().require_parent(request.parent)
        require_open()
        page = queries.Page(
            *pages.window(request),
            *pages.order_by(request.order_by, _OPTION_ORDERS, default="id"),
        )
        found = await queries.options(
            self._db,
            page,
            ids=request.ids,
            titles=request.titles,
            query=search_words(request.query),
            locales=request.locales,
        )
        return pb.ListStoreOptionsResponse(
            documents=rules.options(found.ids, found.documents),
            total_size=found.total,
            catalogue_version=found.version,
        )
