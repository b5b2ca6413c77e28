"""The product methods of CatalogService."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.head_office import HeadOffice, lock_product
from services.catalog_opt_in.products import batch, events, filters, messages, queries, storing
from services.catalog_opt_in.products.model import Product
from services.catalog_opt_in.products.single import change, checked, product_named
from services.catalog_opt_in.search.index import found_by, known_words
from services.catalog_opt_in.search.queries import Search, corrected, corrections_asked, search_of
from services.catalog_opt_in.texts import problem
from services.kernel.call.errors import FailedPrecondition, invalid
from services.kernel.data import pages, requests, updates


class Products:
    """Reads use the head office's own rows; writes reach all tenants' listings."""

    _office: HeadOffice

    async def GetProduct(
        self, request: pb.GetProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.reading() as session:
            return messages.to_message(await product_named(session, request.name))

    async def ListProducts(
        self, request: pb.ListProductsRequest, _context: object
    ) -> pb.ListProductsResponse:
        order, descending = pages.order_by(request.order_by, queries.ORDERS, default="created_at")
        key = {"order": order.kind, "product_id": str}
        page = pages.read(request, key=key, descending=descending)
        statement = select(models.Product).where(*filters.conditions(request))
        # Other tenants' listings are behind the platform's door.
        door = self._office.reading_all if request.tenants else self._office.reading
        async with door() as session:
            statement, total = await _found(session, statement, _query(request.query))
            rows = await queries.load(
                session, page.of(statement, order.column, models.Product.product_id)
            )
        page_rows, token = page.cut(
            rows, key=lambda product: (order.of(product), product.product_id)
        )
        return pb.ListProductsResponse(
            products=[messages.to_message(product) for product in page_rows],
            next_page_token=token,
            total_size=total,
        )

    async def CreateProduct(
        self, request: pb.CreateProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Product):
                return answer
            product = await checked(session, storing.new(request.product))
            await storing.create(session, [product])
            answer = messages.to_message(product)
            events.record(session, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdateProduct(
        self, request: pb.UpdateProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.writing() as session:
            stored = await product_named(session, request.product.name)
            before = messages.to_message(stored)
            requested = updates.apply(request.product, request.update_mask, to=before)
            if requested == before:
                return before
            return await change(session, stored, requested, before=before)

    async def DeleteProduct(self, request: pb.DeleteProductRequest, _context: object) -> Empty:
        async with self._office.writing() as session:
            stored = await product_named(session, request.name)
            updates.check_etag(request.etag, stored.version)
            await lock_product(session, stored.product_id)
            await _refuse_listed(session, stored)
            await storing.remove(session, [stored.product_id], datetime.now(UTC))
            events.record(session, before=messages.to_message(stored))
            return Empty()

    async def BatchChangeProducts(
        self, request: pb.BatchChangeProductsRequest, _context: object
    ) -> pb.BatchChangeProductsResponse:
        async with self._office.writing() as session:
            kind = pb.BatchChangeProductsResponse
            if answer := await requests.stored_answer(session, request, kind):
                return answer
            answer = await batch.change(session, request)
            return await requests.remember(session, request, answer)


async def _refuse_listed(session: AsyncSession, product: Product) -> None:
    others = await storing.others_listing(session, [product.product_id])
    if tenants := others.get(product.product_id):
        raise FailedPrecondition(
            "PRODUCT_LISTED",
            f"{len(tenants)} other tenants list this product. Reject it and have them opt out.",
            tenants=str(len(tenants)),
        )


def _query(query: str) -> str:
    if text := problem(query):
        raise invalid("FIELD_INVALID", {"query": text})
    return query


async def _found(
    session: AsyncSession, statement: Select[models.Product], query: str
) -> tuple[Select[models.Product], int]:
    """Narrows a statement to what a query means, and counts that, also if a word has a slip."""
    search = search_of(query)
    narrowed = _narrowed(statement, search) if search else statement
    total = await queries.count(session, narrowed)
    if total == 0 and (spellings := corrections_asked(query)):
        search = corrected(query, await known_words(session, spellings))
        if search:
            narrowed = _narrowed(statement, search)
            total = await queries.count(session, narrowed)
    return narrowed, total


def _narrowed(statement: Select[models.Product], search: Search) -> Select[models.Product]:
    return statement.where(models.Product.product_id.in_(found_by(search)))
