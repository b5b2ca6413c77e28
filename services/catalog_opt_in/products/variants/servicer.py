"""The methods of CatalogService on the variants and options of products."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import ColumnElement

from services.catalog_opt_in.head_office import HeadOffice
from services.catalog_opt_in.messages import PRODUCT
from services.catalog_opt_in.models import OfferVariant, Product, Variant
from services.catalog_opt_in.products import messages
from services.catalog_opt_in.products import queries as products
from services.catalog_opt_in.products.single import change, product_named
from services.catalog_opt_in.products.variants import changes, queries
from services.catalog_opt_in.texts import problem
from services.kernel.call import names
from services.kernel.call.errors import invalid
from services.kernel.data import pages, requests
from services.kernel.data.arrays import among
from services.kernel.data.time_ranges import within

Request = TypeVar("Request", pb.ChangeVariantsRequest, pb.ChangeOptionsRequest)


class Variants:
    _office: HeadOffice

    async def ListVariants(
        self, request: pb.ListVariantsRequest, _context: object
    ) -> pb.ListVariantsResponse:
        size, skip = pages.window(request)
        order, descending = pages.order_by(request.order_by, queries.ORDERS, default="id")
        conditions = list(_conditions(request))
        async with self._office.reading() as session:
            places, total = await queries.page(
                session, conditions, order, descending=descending, size=size, skip=skip
            )
            found = await products.load(
                session,
                products.there().where(
                    among(Product.product_id, {place.product_id for place in places})
                ),
                variant_ids=[place.variant_id for place in places],
            )
        rows = [
            pb.ListVariantsResponse.Row(
                product=f"products/{place.product_id}", variant=place.variant_id, rank=place.rank
            )
            for place in places
        ]
        return pb.ListVariantsResponse(
            rows=rows,
            products=[messages.to_message(product) for product in found],
            total_size=total,
        )

    async def ChangeVariants(
        self, request: pb.ChangeVariantsRequest, _context: object
    ) -> product_pb2.Product:
        return await self._change(request, changes.of_variants)

    async def ChangeOptions(
        self, request: pb.ChangeOptionsRequest, _context: object
    ) -> product_pb2.Product:
        return await self._change(request, changes.of_options)

    async def _change(
        self, request: Request, read: Callable[[product_pb2.Product, Request], changes.Changes]
    ) -> product_pb2.Product:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Product):
                return answer
            stored = await product_named(session, request.parent)
            before = messages.to_message(stored)
            changed_parts = read(before, request)
            with changed_parts.refused_in_terms_of_request():
                after = changed_parts.apply(request.etag)
                if after != before:
                    after = await change(
                        session, stored, after, before=before, base=changed_parts.base
                    )
            return await requests.remember(session, request, after)


def _conditions(request: pb.ListVariantsRequest) -> Iterator[ColumnElement[bool]]:
    if request.parent:
        (product_id,) = names.parse(request.parent, PRODUCT)
        yield OfferVariant.product_id == product_id
    if text := problem(request.query):
        raise invalid("FIELD_INVALID", {"query": text})
    yield from queries.with_words(request.query)
    for column, values in (
        (OfferVariant.variant_id, request.variants),
        (OfferVariant.sku, request.skus),
        (OfferVariant.ean, request.eans),
        (OfferVariant.upc, request.upcs),
        (OfferVariant.barcode, request.barcodes),
    ):
        if values:
            yield among(column, values)
    if request.title:
        yield Variant.title == request.title
    if request.HasField("manage_inventory"):
        yield Variant.manage_inventory == request.manage_inventory
    if request.HasField("allow_backorder"):
        yield Variant.allow_backorder == request.allow_backorder
    made = partial(names.first_id, "variant")
    yield from within(queries.ID, request.created_at, value=made)
    yield from within(Product.updated_at, request.updated_at)
