"""The product methods of CatalogService."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in import models
from services.catalog_opt_in.head_office import HeadOffice, hold_product
from services.catalog_opt_in.listings import queries as listings
from services.catalog_opt_in.listings.refresh import publish, refresh, tenants_listing, withdraw
from services.catalog_opt_in.messages import PRODUCT
from services.catalog_opt_in.offer_document import Offer
from services.catalog_opt_in.products import messages, queries
from services.catalog_opt_in.products.offer import offer_of
from services.catalog_opt_in.products.references import references, refuse_unknown
from services.catalog_opt_in.products.rules import Product, with_ids
from services.catalog_opt_in.texts import query_problem
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests, updates
from services.kernel.evidence import audit


class Products:
    """Reads use the head office's own rows; writes reach all tenants' listings."""

    _office: HeadOffice

    async def GetProduct(
        self, request: pb.GetProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.reading() as session:
            return messages.to_message(await _product(session, request.name))

    async def ListProducts(
        self, request: pb.ListProductsRequest, _context: object
    ) -> pb.ListProductsResponse:
        order, descending = pages.order_by(request.order_by, queries.ORDERS, default="created_at")
        key = {"order": order.kind, "product_id": str}
        page = pages.read(request, key=key, descending=descending)
        wanted = queries.matching(
            status=_status(request.status),
            handle=request.handle,
            query=_query(request.query),
            product_ids=_ids(list(request.products)),
        )
        async with self._office.reading() as session:
            rows = await queries.found(
                session, page.of(wanted, order.column, models.Product.product_id)
            )
            total = await queries.count(session, wanted)
        shown, token = page.cut(rows, key=lambda p: (order.of(p), p.product_id))
        return pb.ListProductsResponse(
            products=[messages.to_message(product) for product in shown],
            next_page_token=token,
            total_size=total,
        )

    async def CreateProduct(
        self, request: pb.CreateProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.writing() as session:
            if answer := await requests.answered(session, request, product_pb2.Product):
                return answer
            product = _new(request.product)
            offer = await _store(session, product, is_new=True)
            await listings.create(
                session,
                offer,
                own={},
                currency=current_scope().currency or "",
                state="LIVE",
                now=product.created_at,
            )
            answer = messages.to_message(product)
            audit.record(session, resource=answer.name, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdateProduct(
        self, request: pb.UpdateProductRequest, _context: object
    ) -> product_pb2.Product:
        async with self._office.writing() as session:
            stored = await _product(session, request.product.name)
            before = messages.to_message(stored)
            wanted = updates.apply(request.product, request.update_mask, to=before)
            if wanted == before:
                return before
            product = _changed(stored, messages.with_choices_renamed(wanted, before))
            await hold_product(session, product.product_id)
            offer = await _store(session, product, is_new=False)
            await refresh(session, [offer], now=product.updated_at)
            after = messages.to_message(product)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteProduct(self, request: pb.DeleteProductRequest, _context: object) -> Empty:
        async with self._office.writing() as session:
            stored = await _product(session, request.name)
            updates.check_etag(request.etag, stored.version)
            await hold_product(session, stored.product_id)
            await _refuse_listed(session, stored)
            await _delete_own_listing(session, stored.product_id)
            await withdraw(session, stored.product_id)
            await queries.remove(session, stored.product_id)
            audit.record(session, resource=request.name, before=messages.to_message(stored))
            return Empty()


async def refresh_products(
    session: AsyncSession, product_ids: Sequence[str], now: datetime
) -> None:
    """Rebuilds the offers of products, after a change of what they refer to."""
    products = await queries.some(session, product_ids)
    known = await references(session, products)
    offers = [offer_of(product, known) for product in products]
    for product, offer in zip(products, offers, strict=True):
        await publish(session, offer, product.version)
    await refresh(session, offers, now=now)


async def _product(session: AsyncSession, name: str) -> Product:
    (product_id,) = names.parse(name, PRODUCT)
    product = await queries.one(session, product_id)
    if product is None:
        raise NotFound("PRODUCT_NOT_FOUND", f"No such product: {name}.", product=name)
    return product


def _new(requested: product_pb2.Product) -> Product:
    product = messages.from_message(
        requested, None, product_id=names.new_id("prod"), now=datetime.now(UTC)
    )
    return with_ids(product, None, names.new_id)


def _changed(stored: Product, requested: product_pb2.Product) -> Product:
    product = messages.from_message(
        requested, stored, product_id=stored.product_id, now=datetime.now(UTC)
    )
    return with_ids(product, stored, names.new_id)


async def _store(session: AsyncSession, product: Product, *, is_new: bool) -> Offer:
    """Stores a product and its offer."""
    known = await references(session, [product])
    refuse_unknown(product, known)
    await _refuse_taken(session, product)
    write = queries.create if is_new else queries.replace
    await write(session, product, tags=known.tags, types=known.types)
    offer = offer_of(product, known)
    await publish(session, offer, product.version)
    return offer


async def _refuse_taken(session: AsyncSession, product: Product) -> None:
    if await queries.handle_is_taken(session, product):
        raise AlreadyExists(
            "HANDLE_TAKEN",
            f"Another product already has the handle {product.handle}. Choose another.",
            {"handle": "is already used by another product"},
            handle=product.handle,
        )
    if taken := await queries.taken_skus(session, product):
        fields = {
            f"variants[{place}].sku": "is already used by another product"
            for place, variant in enumerate(product.variants)
            if variant.sku in taken
        }
        sku = min(taken)
        raise AlreadyExists(
            "SKU_TAKEN",
            f"Another product already has the SKU {sku}. Choose another.",
            fields,
            sku=sku,
        )


async def _refuse_listed(session: AsyncSession, product: Product) -> None:
    own = current_scope().tenant
    others = [t for t in await tenants_listing(session, product.product_id) if t != own]
    if others:
        raise FailedPrecondition(
            "PRODUCT_LISTED",
            f"{len(others)} other tenants list this product. Reject it and have them opt out.",
            tenants=str(len(others)),
        )


async def _delete_own_listing(session: AsyncSession, product_id: str) -> None:
    listing = await listings.one(session, product_id)
    if listing is not None:
        await listings.remove(session, listing, currency=current_scope().currency or "")


def _status(status: int) -> str:
    if status == product_pb2.Product.STATUS_UNSPECIFIED:
        return ""
    if status not in product_pb2.Product.Status.values():
        text = "must be DRAFT, PROPOSED, PUBLISHED or REJECTED"
        raise invalid("FIELD_INVALID", {"status": text})
    name = product_pb2.Product.Status.Name(product_pb2.Product.Status.ValueType(status))
    return name.removeprefix("STATUS_")


def _query(query: str) -> str:
    if text := query_problem(query):
        raise invalid("FIELD_INVALID", {"query": text})
    return query


def _ids(requested: list[str]) -> list[str]:
    return [names.parse(name, PRODUCT)[0] for name in requested]
