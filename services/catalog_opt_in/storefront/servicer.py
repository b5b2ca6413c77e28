"""StorefrontService: what shoppers see."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import orjson
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1 import storefront_service_pb2_grpc as pb_grpc

from services.catalog_opt_in.folding import search_words
from services.catalog_opt_in.storefront import queries, rules
from services.catalog_opt_in.texts import query_problem
from services.kernel.call import names
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database

STORE_PRODUCT = "tenants/{tenant}/storeProducts/{product}"
PRODUCT_ORDERS = {name: name for name in ("created_at", "updated_at", "title", "handle")}

S = TypeVar("S")
ShelfRequest = pb.ListStoreCollectionsRequest | pb.ListStoreCategoriesRequest


class Storefront(pb_grpc.StorefrontServiceServicer):
    def __init__(self, database: Database) -> None:
        self._db = database

    async def GetStoreProduct(
        self, request: pb.GetStoreProductRequest, _context: object
    ) -> pb.GetStoreProductResponse:
        current_scope().require(request.name)
        _require_open()
        _tenant, product = names.parse(request.name, STORE_PRODUCT)
        found = await queries.product(self._db, product)
        if found is None:
            raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {product}.", product=product)
        document, version = found
        return pb.GetStoreProductResponse(document=document, catalogue_version=version)

    async def ListStoreProducts(
        self, request: pb.ListStoreProductsRequest, _context: object
    ) -> pb.ListStoreProductsResponse:
        current_scope().require_parent(request.parent)
        _require_open()
        documents, total, version = await queries.products(self._db, _wanted(request))
        return pb.ListStoreProductsResponse(
            documents=documents, total_size=total, catalogue_version=version
        )

    async def ListStoreCollections(
        self, request: pb.ListStoreCollectionsRequest, _context: object
    ) -> pb.ListStoreCollectionsResponse:
        current_scope().require_parent(request.parent)
        _require_open()
        shown, version = await queries.collections(self._db)
        wanted = rules.chosen(shown, ids=request.ids, handles=request.handles)
        page = _page(wanted, request, rules.COLLECTION_ORDERS)
        return pb.ListStoreCollectionsResponse(
            documents=[orjson.dumps(rules.collection_document(one)) for one in page],
            total_size=len(wanted),
            catalogue_version=version,
        )

    async def ListStoreCategories(
        self, request: pb.ListStoreCategoriesRequest, _context: object
    ) -> pb.ListStoreCategoriesResponse:
        current_scope().require_parent(request.parent)
        _require_open()
        shown, version = await queries.categories(self._db)
        wanted = rules.under(
            rules.chosen(shown, ids=request.ids, handles=request.handles),
            request.parent_category_id,
        )
        page = _page(wanted, request, rules.CATEGORY_ORDERS)
        by_id, groups = {one.id: one for one in shown}, rules.children(shown)
        return pb.ListStoreCategoriesResponse(
            documents=[
                orjson.dumps(rules.category_document(one, by_id=by_id, groups=groups))
                for one in page
            ],
            total_size=len(wanted),
            catalogue_version=version,
        )


def _require_open() -> None:
    """Refuses to show a shop that is not open.

    Raises:
        NotFound: SHOP_UNKNOWN.
    """
    if current_scope().tenant_state not in ("active", ""):
        raise NotFound("SHOP_UNKNOWN", "No such shop.")


def _wanted(request: pb.ListStoreProductsRequest) -> queries.Wanted:
    order, descending = pages.order_by(request.order_by, PRODUCT_ORDERS, default="-created_at")
    size, skip = pages.window(request)
    if text := query_problem(request.query):
        raise invalid("FIELD_INVALID", {"query": text})
    return queries.Wanted(
        size=size,
        skip=skip,
        order=order,
        descending=descending,
        ids=request.ids,
        handles=request.handles,
        collections=request.collection_ids,
        categories=request.category_ids,
        tags=request.tag_ids,
        types=request.type_ids,
        query=search_words(request.query),
    )


def _page(
    shown: Sequence[S], request: ShelfRequest, orders: Mapping[str, rules.Order]
) -> Sequence[S]:
    """Sorts what is shown and returns the requested page; the first order is the default."""
    order, descending = pages.order_by(request.order_by, orders, default=next(iter(orders)))
    size, skip = pages.window(request)
    rows = sorted(shown, key=order, reverse=descending)
    return rows[skip : skip + size]
