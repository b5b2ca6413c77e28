"""The collection methods of CatalogService."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import HeadOffice, hold_all_products
from services.catalog_opt_in.messages import COLLECTION, handle_of
from services.catalog_opt_in.models import Collection
from services.catalog_opt_in.products.servicer import refresh_products
from services.catalog_opt_in.taxonomy import queries
from services.catalog_opt_in.taxonomy.messages import collection_message
from services.catalog_opt_in.taxonomy.paging import paged
from services.catalog_opt_in.taxonomy.rules import text_problems
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.data import requests, updates
from services.kernel.evidence import audit

_ORDERS = {
    "created_at": (Collection.created_at, Collection.collection_id),
    "updated_at": (Collection.updated_at, Collection.collection_id),
    "title": (Collection.title_key, Collection.collection_id),
    "handle": (Collection.handle, Collection.collection_id),
}


class Collections:
    _office: HeadOffice

    async def GetCollection(
        self, request: pb.GetCollectionRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.reading() as session:
            return collection_message(await _collection(session, request.name))

    async def ListCollections(
        self, request: pb.ListCollectionsRequest, _context: object
    ) -> pb.ListCollectionsResponse:
        async with self._office.reading() as session:
            rows, token, total = await paged(session, request, select(Collection), _ORDERS)
        return pb.ListCollectionsResponse(
            collections=[collection_message(row) for row in rows],
            next_page_token=token,
            total_size=total,
        )

    async def CreateCollection(
        self, request: pb.CreateCollectionRequest, _context: object
    ) -> product_pb2.Collection:
        async with self._office.writing() as session:
            if answer := await requests.answered(session, request, product_pb2.Collection):
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
            await hold_all_products(session)
            row = await _collection(session, request.collection.name)
            before, now = collection_message(row), datetime.now(UTC)
            wanted = updates.apply(request.collection, request.update_mask, to=before)
            if wanted == before:
                return before
            row.version += 1
            await _write(session, row, wanted, now)
            inside = await queries.products_in_collection(session, row.collection_id)
            await refresh_products(session, inside, now)
            after = collection_message(row)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteCollection(
        self, request: pb.DeleteCollectionRequest, _context: object
    ) -> Empty:
        async with self._office.writing() as session:
            row = await _collection(session, request.name)
            updates.check_etag(request.etag, row.version)
            if await queries.products_in_collection(session, row.collection_id):
                raise FailedPrecondition(
                    "COLLECTION_IN_USE",
                    "This collection holds products. Move them first.",
                    collection=request.name,
                )
            await session.delete(row)
            audit.record(session, resource=request.name, before=collection_message(row))
            return Empty()


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
    row.updated_at = now
    session.add(row)
    await session.flush()
