"""The methods of StorefrontService that read what products are found by."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import orjson
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb

from services.catalog_opt_in.storefront import queries, rules
from services.catalog_opt_in.storefront.shops import require_open
from services.catalog_opt_in.storefront.taxonomy import selection
from services.catalog_opt_in.taxonomy.categories.relatives import refuse_large_tree
from services.catalog_opt_in.taxonomy.members import MOST_PRODUCTS
from services.kernel.call.scope import current_scope
from services.kernel.data import pages
from services.kernel.data.database import Database

S = TypeVar("S")
Document = Mapping[str, object]
Request = selection.PlacesRequest | selection.TermsRequest


class TaxonomyReads:
    _db: Database

    async def ListStoreCollections(
        self, request: pb.ListStoreCollectionsRequest, _context: object
    ) -> pb.ListStoreCollectionsResponse:
        current_scope().require_parent(request.parent)
        require_open()
        items, version = await queries.collections(self._db, request.locales)
        matching = selection.places(items, request)
        page = _page(matching, request, selection.COLLECTION_ORDERS, default="-created_at")
        documents: list[Document] = [rules.collection_document(item) for item in page]
        if request.with_products:
            ids = [item.id for item in page]
            found = await queries.products_in_collections(
                self._db, ids, request.locales, most=MOST_PRODUCTS
            )
            documents = rules.with_products(documents, found)
        return pb.ListStoreCollectionsResponse(
            documents=map(orjson.dumps, documents),
            total_size=len(matching),
            catalogue_version=version,
        )

    async def ListStoreCategories(
        self, request: pb.ListStoreCategoriesRequest, _context: object
    ) -> pb.ListStoreCategoriesResponse:
        current_scope().require_parent(request.parent)
        require_open()
        items, version = await queries.categories(self._db, request.locales)
        matching = selection.below(selection.places(items, request), request)
        page = _page(matching, request, selection.CATEGORY_ORDERS, default="rank")
        tree = rules.Tree(items)
        documents: list[Document]
        if request.with_descendants:
            refuse_large_tree(tree.count_below(page))
            documents = [tree.document_of_all_below(item) for item in page]
        else:
            documents = [tree.document(item) for item in page]
        if request.with_products:
            ids = [item.id for item in page]
            found = await queries.products_in_categories(
                self._db, ids, request.locales, most=MOST_PRODUCTS
            )
            documents = rules.with_products(documents, found)
        return pb.ListStoreCategoriesResponse(
            documents=map(orjson.dumps, documents),
            total_size=len(matching),
            catalogue_version=version,
        )

    async def ListStoreTags(
        self, request: pb.ListStoreTagsRequest, _context: object
    ) -> pb.ListStoreTagsResponse:
        documents, total, version = await self._terms(request, queries.tags)
        return pb.ListStoreTagsResponse(
            documents=documents, total_size=total, catalogue_version=version
        )

    async def ListStoreTypes(
        self, request: pb.ListStoreTypesRequest, _context: object
    ) -> pb.ListStoreTypesResponse:
        documents, total, version = await self._terms(request, queries.types)
        return pb.ListStoreTypesResponse(
            documents=documents, total_size=total, catalogue_version=version
        )

    async def _terms(
        self,
        request: selection.TermsRequest,
        read: Callable[[Database, Sequence[str]], Awaitable[tuple[list[rules.ShownTerm], int]]],
    ) -> tuple[list[bytes], int, int]:
        """Reads a page of documents, the total number, and the catalogue version."""
        current_scope().require_parent(request.parent)
        require_open()
        items, version = await read(self._db, request.locales)
        matching = selection.terms(items, request)
        page = _page(matching, request, selection.TERM_ORDERS, default="id")
        return (
            [orjson.dumps(rules.term_document(item)) for item in page],
            len(matching),
            version,
        )


def _page(
    items: Sequence[S], request: Request, orders: Mapping[str, selection.Order], *, default: str
) -> Sequence[S]:
    """Sorts what is shown and returns the requested page."""
    order, descending = pages.order_by(request.order_by, orders, default=default)
    size, skip = pages.window(request)
    rows = sorted(items, key=order, reverse=descending)
    return rows[skip : skip + size]
