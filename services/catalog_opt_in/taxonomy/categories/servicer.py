"""The category methods of CatalogService."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.batches import MOST_ROWS
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import HeadOffice, lock_all_products
from services.catalog_opt_in.messages import CATEGORY, handle_of, id_in
from services.catalog_opt_in.models import Category, ProductCategory
from services.catalog_opt_in.products import membership
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.products.storing import refresh_products
from services.catalog_opt_in.taxonomy import queries, rules
from services.catalog_opt_in.taxonomy.categories import placing
from services.catalog_opt_in.taxonomy.categories.relatives import with_relatives
from services.catalog_opt_in.taxonomy.members import add_products
from services.catalog_opt_in.taxonomy.messages import category_message
from services.catalog_opt_in.taxonomy.paging import called, read_page
from services.catalog_opt_in.translations import queries as translations
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.data import requests, updates
from services.kernel.data.arrays import among
from services.kernel.evidence import audit
from services.values.structs import metadata_of

_ORDERS = {
    "rank": (Category.depth, Category.rank, Category.category_id),
    "created_at": (Category.created_at, Category.category_id),
    "updated_at": (Category.updated_at, Category.category_id),
    "id": (Category.category_id,),
    "title": (Category.title_key, Category.category_id),
    "handle": (Category.handle, Category.category_id),
}


class Categories:
    _office: HeadOffice

    async def GetCategory(
        self, request: pb.GetCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.reading() as session:
            row = await _category(session, request.name)
            [message] = await with_relatives(
                session, [row], all_descendants=request.with_descendants
            )
            if request.with_products:
                await add_products(session, [message], ProductCategory.category_id)
            return message

    async def ListCategories(
        self, request: pb.ListCategoriesRequest, _context: object
    ) -> pb.ListCategoriesResponse:
        async with self._office.reading() as session:
            rows, token, total = await read_page(
                session,
                request,
                Category,
                _ORDERS,
                *called(Category, request),
                *_conditions(request),
            )
            found = await with_relatives(session, rows, all_descendants=request.with_descendants)
            if request.with_products:
                await add_products(session, found, ProductCategory.category_id)
        return pb.ListCategoriesResponse(
            categories=found,
            next_page_token=token,
            total_size=total,
        )

    async def CreateCategory(
        self, request: pb.CreateCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Category):
                return answer
            now = datetime.now(UTC)
            row = Category(category_id=names.new_id("pcat"), version=1, created_at=now)
            requested = request.category
            rank = requested.rank if requested.HasField("rank") else None
            shifted = await _write(session, row, requested, now, rank=rank)
            await queries.raise_catalogues_of(session, shifted)
            after = category_message(row)
            audit.record(session, resource=after.name, after=after)
            [answer] = await with_relatives(session, [row])
            return await requests.remember(session, request, answer)

    async def UpdateCategory(
        self, request: pb.UpdateCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.writing() as session:
            await lock_all_products(session)
            row = await _category(session, request.category.name)
            before, now = category_message(row), datetime.now(UTC)
            requested = updates.apply(request.category, request.update_mask, to=before)
            if requested != before:
                row.version += 1
                rank = _new_rank(request, before, requested)
                shifted = await _write(session, row, requested, now, rank=rank)
                await queries.raise_catalogues_of(session, {row.category_id, *shifted})
                after = category_message(row)
                await _refresh(session, row.category_id, before, after, now)
                audit.record(session, resource=after.name, before=before, after=after)
            [answer] = await with_relatives(session, [row])
            return answer

    async def DeleteCategory(self, request: pb.DeleteCategoryRequest, _context: object) -> Empty:
        async with self._office.writing() as session:
            await lock_all_products(session)
            row = await _category(session, request.name)
            updates.check_etag(request.etag, row.version)
            product_ids = await queries.products_with(
                session, ProductCategory.category_id, [row.category_id]
            )
            if row.category_id in (await queries.tree(session)).values():
                _refuse_deleting(row, "category children")  # Medusa's own words
            if len(product_ids) > MOST_ROWS:
                _refuse_deleting(row, f"more than {MOST_ROWS} products")
            _, remove = _acts(row.category_id)
            await membership.take_out(session, product_ids, remove)
            shifted = await placing.remove(session, row)
            await session.delete(row)
            await translations.remove_of(session, row.category_id)
            await queries.raise_catalogues_of(session, shifted)
            audit.record(session, resource=request.name, before=category_message(row))
            return Empty()

    async def ChangeCategoryProducts(
        self, request: pb.ChangeCategoryProductsRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.writing() as session:
            if answer := await requests.stored_answer(session, request, product_pb2.Category):
                return answer
            row = await _category(session, request.name)
            add, remove = _acts(row.category_id)
            await membership.change(session, request, add=add, remove=remove)
            [answer] = await with_relatives(session, [row])
            return await requests.remember(session, request, answer)


def _acts(category_id: str) -> tuple[membership.Change, membership.Change]:
    """Returns what puts a product into a category, and what takes it out."""

    def add(product: ResolvedProduct) -> ResolvedProduct:
        category_ids = dict.fromkeys([*product.category_ids, category_id])
        return replace(product, category_ids=tuple(category_ids))

    def remove(product: ResolvedProduct) -> ResolvedProduct:
        category_ids = tuple(id_ for id_ in product.category_ids if id_ != category_id)
        return replace(product, category_ids=category_ids)

    return add, remove


def _refuse_deleting(row: Category, contents: str) -> NoReturn:
    raise FailedPrecondition(
        "CATEGORY_IN_USE",
        f"Deleting ProductCategory ({row.category_id}) with {contents} is not allowed",
        category=f"categories/{row.category_id}",
    )


async def _category(session: AsyncSession, name: str) -> Category:
    (category_id,) = names.parse(name, CATEGORY)
    row = await session.get(Category, category_id)
    if row is None:
        raise NotFound("CATEGORY_NOT_FOUND", f"No such category: {name}.", category=name)
    return row


async def _write(
    session: AsyncSession,
    row: Category,
    requested: product_pb2.Category,
    now: datetime,
    *,
    rank: int | None,
) -> set[str]:
    """Validates the request and stores it in `row`; returns the siblings that made room for it."""
    violations = Violations()
    handle = handle_of(requested.handle, requested.title, violations, is_new=row.handle is None)
    violations.extend(rules.text_problems(requested.title, requested.description, requested.rank))
    parent_id = id_in(requested.parent, CATEGORY, violations, field="parent")
    violations.refuse()
    await queries.refuse_taken_handle(session, Category, handle, row.category_id)
    shifted = await placing.place(session, row, parent_id, rank)
    row.title, row.title_key, row.handle = requested.title, sort_key(requested.title), handle
    row.description, row.extra = requested.description, metadata_of(requested)
    row.is_active, row.is_internal = requested.is_active, requested.is_internal
    row.updated_at = now
    session.add(row)
    await session.flush()
    return shifted


def _new_rank(
    request: pb.UpdateCategoryRequest, before: product_pb2.Category, requested: product_pb2.Category
) -> int | None:
    """Returns the rank that an update asks for; without one, a category that moves comes last."""
    if "rank" not in updates.masked(request.category, request.update_mask, before):
        return None
    return requested.rank if requested.HasField("rank") else None


async def _refresh(
    session: AsyncSession,
    category_id: str,
    before: product_pb2.Category,
    after: product_pb2.Category,
    now: datetime,
) -> None:
    """Refreshes the listings affected by a change: those in it, or all below it as well."""
    if _place_in_shops(before) != _place_in_shops(after):
        category_ids = rules.with_descendants(await queries.tree(session), category_id)
    elif (before.title, before.handle) != (after.title, after.handle):
        category_ids = {category_id}
    else:
        return
    product_ids = await queries.products_with(session, ProductCategory.category_id, category_ids)
    await refresh_products(session, product_ids, now)


def _place_in_shops(category: product_pb2.Category) -> tuple[str, bool]:
    """Returns what decides by which categories the products in it and below it are found."""
    return category.parent, category.is_active and not category.is_internal


def _conditions(request: pb.ListCategoriesRequest) -> Iterator[ColumnElement[bool]]:
    if request.categories:
        ids = [names.parse(name, CATEGORY)[0] for name in request.categories]
        yield among(Category.category_id, ids)
    if request.HasField("parent"):
        parent_id = names.parse(request.parent, CATEGORY)[0] if request.parent else None
        yield Category.parent_id == parent_id
    if request.HasField("is_active"):
        yield Category.is_active == request.is_active
    if request.HasField("is_internal"):
        yield Category.is_internal == request.is_internal
