"""The collection methods of CatalogService."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.batches import MOST_ROWS
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import HeadOffice, lock_all_products
from services.catalog_opt_in.listings.refresh import raise_catalogues
from services.catalog_opt_in.messages import COLLECTION, handle_of
from services.catalog_opt_in.models import Collection, Product
from services.catalog_opt_in.products import membership
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.products.storing import refresh_products
from services.catalog_opt_in.taxonomy import queries
from services.catalog_opt_in.taxonomy.members import add_products
from services.catalog_opt_in.taxonomy.messages import collection_message
from services.catalog_opt_in.taxonomy.paging import called, read_page
from services.catalog_opt_in.taxonomy.rules import text_problems
from services.catalog_opt_in.translations import queries as translations
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.data import requests, updates
from services.kernel.data.arrays import among
from services.kernel.evidence import audit
from services.values.structs import metadata_of

_ORDERS = {
    "created_at": (Collection.created_at, Collection.collection_id),
    "updated_at": (Collection.updated_at, Collection.collection_id),
    "id": (Collection.collection_id,),
    "title": (Collection.title_key, Collection.collection_id),
    "handle": (Collection.handle, Collection.collection_id),
}


class Collections:
    _office: HeadOffice

    async def GetCollection(
        self, request: pb.GetCollectionRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.reading() as session:
            found = collection_message(await _collection(session, request.name))
            if request.with_products:
                await add_products(session, [found], Product.collection_id)
            return found

    async def ListCollections(
        self, request: pb.ListCollectionsRequest, _context: object
    ) -> pb.ListCollectionsResponse:
        async with self._office.reading() as session:
            rows, token, total = await read_page(
                session,
                request,
                Collection,
                _ORDERS,
                *called(Collection, request),
                *_conditions(request),
            )
            found = [collection_message(row) for row in rows]
            if request.with_products:
                await add_products(session, found, Product.collection_id)
        return pb.ListCollectionsResponse(
            collections=found,
            next_page_token=token,
            total_size=total,
        )

    async def CreateCollection(
        self, request: pb.CreateCollectionRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Collection):
                return answer
            now = datetime.now(UTC)
            row = Collection(collection_id=names.new_id("pcol"), version=1, created_at=now)
            await _write(session, row, request.collection, now)
            answer = collection_message(row)
            audit.record(session, resource=answer.name, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdateCollection(
        self, request: pb.UpdateCollectionRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.writing() as session:
            await lock_all_products(session)
            row = await _collection(session, request.collection.name)
            before, now = collection_message(row), datetime.now(UTC)
            requested = updates.apply(request.collection, request.update_mask, to=before)
            if requested == before:
                return before
            row.version += 1
            await _write(session, row, requested, now)
            product_ids = await queries.products_with(
                session, Product.collection_id, [row.collection_id]
            )
            after = collection_message(row)
            if (before.title, before.handle) != (after.title, after.handle):
                await refresh_products(session, product_ids, now)
            else:  # products show neither its metadata nor its times, but shops do
                await raise_catalogues(session, product_ids)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteCollection(
        self, request: pb.DeleteCollectionRequest, _context: object
    ) -> Empty:
        async with self._office.writing() as session:
            await lock_all_products(session)
            row = await _collection(session, request.name)
            updates.check_etag(request.etag, row.version)
            product_ids = await queries.products_with(
                session, Product.collection_id, [row.collection_id]
            )
            if len(product_ids) > MOST_ROWS:
                raise FailedPrecondition(
                    "COLLECTION_IN_USE",
                    f"This collection holds more than {MOST_ROWS} products. Take some out first.",
                    collection=request.name,
                )
            _, remove = _acts(row.collection_id)
            await membership.take_out(session, product_ids, remove)
            await session.delete(row)
            await translations.remove_of(session, row.collection_id)
            audit.record(session, resource=request.name, before=collection_message(row))
            return Empty()

    async def ChangeCollectionProducts(
        self, request: pb.ChangeCollectionProductsRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Collection):
                return answer
            row = await _collection(session, request.name)
            add, remove = _acts(row.collection_id)
            await membership.change(session, request, add=add, remove=remove)
            return await requests.remember(session, request, collection_message(row))


def _acts(collection_id: str) -> tuple[membership.Change, membership.Change]:
    """Returns what puts a product into a collection, and what takes it out."""

    def add(product: ResolvedProduct) -> ResolvedProduct:
        return replace(product, collection_id=collection_id)

    def remove(product: ResolvedProduct) -> ResolvedProduct:
        is_in = product.collection_id == collection_id
        return replace(product, collection_id=None) if is_in else product

    return add, remove


async def _collection(session: AsyncSession, name: str) -> Collection:
    (collection_id,) = names.parse(name, COLLECTION)
    row = await session.get(Collection, collection_id)
    if row is None:
        raise NotFound("COLLECTION_NOT_FOUND", f"No such collection: {name}.", collection=name)
    return row


async def _write(
    session: AsyncSession, row: Collection, requested: product_pb2.Collection, now: datetime
) -> None:
    """Validates the request and stores it in `row`."""
    violations = Violations()
    handle = handle_of(requested.handle, requested.title, violations, is_new=row.handle is None)
    violations.extend(text_problems(requested.title))
    violations.refuse()
    await queries.refuse_taken_handle(session, Collection, handle, row.collection_id)
    row.title, row.title_key, row.handle = requested.title, sort_key(requested.title), handle
    row.extra, row.updated_at = metadata_of(requested), now
    session.add(row)
    await session.flush()


def _conditions(request: pb.ListCollectionsRequest) -> Iterator[ColumnElement[bool]]:
    if request.collections:
        ids = [names.parse(name, COLLECTION)[0] for name in request.collections]
        yield among(Collection.collection_id, ids)
