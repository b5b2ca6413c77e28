"""StorefrontService: what shoppers see."""

from collections.abc import Sequence
from dataclasses import replace

from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1 import storefront_service_pb2_grpc as pb_grpc

from services.catalog_opt_in.search.queries import corrected, corrections_asked, search_of
from services.catalog_opt_in.storefront import filters, queries
from services.catalog_opt_in.storefront.currencies import priced_in
from services.catalog_opt_in.storefront.parts.servicer import PartReads
from services.catalog_opt_in.storefront.quotes.servicer import QuoteReads
from services.catalog_opt_in.storefront.shops import require_open
from services.catalog_opt_in.storefront.taxonomy.servicer import TaxonomyReads
from services.catalog_opt_in.texts import problem
from services.kernel.call import names
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database

STORE_PRODUCT = "tenants/{tenant}/storeProducts/{product}"
RELEVANCE = "relevance"
"""The order of what a query found, unless another is requested."""
PRODUCT_ORDERS = {
    name: name for name in ("id", "created_at", "updated_at", "title", "handle", "price")
}


class Storefront(TaxonomyReads, PartReads, QuoteReads, pb_grpc.StorefrontServiceServicer):
    def __init__(self, database: Database) -> None:
        self._db = database

    async def GetStoreProduct(
        self, request: pb.GetStoreProductRequest, _context: object
    ) -> pb.GetStoreProductResponse:
        current_scope().require(request.name)
        require_open()
        _tenant, product = names.parse(request.name, STORE_PRODUCT)
        found = await queries.product(self._db, product, request.locales)
        if found is None:
            raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {product}.", product=product)
        stored, version = found
        [document] = await priced_in(self._db, request.currency_code, [stored])
        return pb.GetStoreProductResponse(document=document, catalogue_version=version)

    async def ListStoreProducts(
        self, request: pb.ListStoreProductsRequest, _context: object
    ) -> pb.ListStoreProductsResponse:
        current_scope().require_parent(request.parent)
        require_open()
        documents, total, version = await self._products(request)
        documents = await priced_in(self._db, request.currency_code, documents)
        return pb.ListStoreProductsResponse(
            documents=documents, total_size=total, catalogue_version=version
        )

    async def _products(
        self, request: pb.ListStoreProductsRequest
    ) -> tuple[Sequence[bytes], int, int]:
        """Reads the products that a request means, also if a word of its query has a slip."""
        query = _product_query(request)
        answer = await queries.products(self._db, query)
        _, total, _ = answer
        if total == 0 and (spellings := corrections_asked(request.query)):
            known = await queries.known_words(self._db, spellings)
            if search := corrected(request.query, known):
                return await queries.products(self._db, replace(query, search=search))
        return answer

    async def ListCatalogueVersions(
        self, request: pb.ListCatalogueVersionsRequest, _context: object
    ) -> pb.ListCatalogueVersionsResponse:
        async with self._db.platform() as session:
            found = await queries.versions(session, request.tenants)
        return pb.ListCatalogueVersionsResponse(versions=found)


def _product_query(request: pb.ListStoreProductsRequest) -> queries.ProductQuery:
    order, descending = pages.order_by(request.order_by, PRODUCT_ORDERS, default="-created_at")
    size, skip = pages.window(request)
    if text := problem(request.query):
        raise invalid("FIELD_INVALID", {"query": text})
    search = search_of(request.query)
    return queries.ProductQuery(
        size=size,
        skip=skip,
        order=RELEVANCE if search and not request.order_by else order,
        descending=descending,
        conditions=filters.conditions(request),
        search=search,
        locales=request.locales,
    )
