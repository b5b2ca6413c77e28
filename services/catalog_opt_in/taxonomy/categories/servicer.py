"""The category methods of CatalogService."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import HeadOffice, hold_all_products
from services.catalog_opt_in.messages import CATEGORY, handle_of, id_in
from services.catalog_opt_in.models import Category
from services.catalog_opt_in.products.servicer import refresh_products
from services.catalog_opt_in.taxonomy import queries, rules
from services.catalog_opt_in.taxonomy.messages import category_message
from services.catalog_opt_in.taxonomy.paging import paged
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.kernel.data import requests, updates
from services.kernel.evidence import audit

_ORDERS = {
    "rank": (Category.depth, Category.rank, Category.category_id),
    "created_at": (Category.created_at, Category.category_id),
    "title": (Category.title_key, Category.category_id),
    "handle": (Category.handle, Category.category_id),
}
_REFUSALS = {
    "CATEGORY_CYCLE": "must not be the category itself or one below it",
    "CATEGORY_TOO_DEEP": f"must not make the tree deeper than {rules.MOST_LEVELS} levels",
}


class Categories:
    _office: HeadOffice

    async def GetCategory(
        self, request: pb.GetCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.reading() as session:
            return category_message(await _category(session, request.name))

    async def ListCategories(
        self, request: pb.ListCategoriesRequest, _context: object
    ) -> pb.ListCategoriesResponse:
        async with self._office.reading() as session:
            rows, token, total = await paged(session, request, select(Category), _ORDERS)
        return pb.ListCategoriesResponse(
            categories=[category_message(row) for row in rows],
            next_page_token=token,
            total_size=total,
        )

    async def CreateCategory(
        self, request: pb.CreateCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.writing() as session:
            if answer := await requests.answered(session, request, product_pb2.Category):
                return answer
            now = datetime.now(UTC)
            row = Category(category_id=names.new_id("pcat"), version=1, created_at=now)
            await _write(session, row, request.category, now)
            answer = category_message(row)
            audit.record(session, resource=answer.name, after=answer)
            return await requests.remember(session, request, answer)

    async def UpdateCategory(
        self, request: pb.UpdateCategoryRequest, _context: object
    ) -> product_pb2.Category:
        async with self._office.writing() as session:
            await hold_all_products(session)
            row = await _category(session, request.category.name)
            before, now = category_message(row), datetime.now(UTC)
            wanted = updates.apply(request.category, request.update_mask, to=before)
            if wanted == before:
                return before
            row.version += 1
            await queries.raise_catalogues_of(session, row.category_id)
            await _write(session, row, wanted, now)
            after = category_message(row)
            await _refresh(session, row.category_id, before, after, now)
            audit.record(session, resource=after.name, before=before, after=after)
            return after

    async def DeleteCategory(self, request: pb.DeleteCategoryRequest, _context: object) -> Empty:
        async with self._office.writing() as session:
            row = await _category(session, request.name)
            updates.check_etag(request.etag, row.version)
            inside = rules.below(await queries.tree(session), row.category_id)
            if len(inside) > 1 or await queries.products_in_categories(session, inside):
                raise FailedPrecondition(
                    "CATEGORY_IN_USE",
                    "This category holds products or other categories. Move them first.",
                    category=request.name,
                )
            await session.delete(row)
            audit.record(session, resource=request.name, before=category_message(row))
            return Empty()


async def _category(session: AsyncSession, name: str) -> Category:
    (category_id,) = names.parse(name, CATEGORY)
    row = await session.get(Category, category_id)
    if row is None:
        raise NotFound("CATEGORY_NOT_FOUND", f"No such category: {name}.", category=name)
    return row


async def _write(
    session: AsyncSession, row: Category, requested: product_pb2.Category, now: datetime
) -> None:
    """Validates the request and stores it in `row`."""
    violations = Violations()
    handle = handle_of(requested.handle, requested.title, violations, is_new=row.handle is None)
    violations.extend(rules.text_problems(requested.title, requested.description, requested.rank))
    parent_id = id_in(requested.parent, CATEGORY, violations, field="parent")
    violations.refuse()
    await queries.refuse_taken_handle(session, Category, handle, row.category_id)
    await _place(session, row, parent_id)
    row.title, row.title_key, row.handle = requested.title, sort_key(requested.title), handle
    row.description, row.rank, row.updated_at = requested.description, requested.rank, now
    session.add(row)
    await session.flush()


async def _place(session: AsyncSession, row: Category, parent_id: str | None) -> None:
    """Places a category under another, or at the top, with its descendants.

    Raises:
        InvalidArgument: CATEGORY_NOT_FOUND, the parent does not exist.
        FailedPrecondition: CATEGORY_CYCLE or CATEGORY_TOO_DEEP.
    """
    tree = await queries.tree(session)
    if parent_id is not None and parent_id not in tree:
        text = "does not exist"
        raise invalid("CATEGORY_NOT_FOUND", {"parent": text})
    if refusal := rules.move_refusal(tree, row.category_id, parent_id):
        text = _REFUSALS[refusal]
        raise FailedPrecondition(refusal, f"parent {text}.", {"parent": text})
    after = rules.moved(tree, row.category_id, parent_id)
    depths = {id_: len(rules.above(after, id_)) for id_ in rules.below(after, row.category_id)}
    row.parent_id, row.depth = parent_id, depths.pop(row.category_id)
    await queries.set_depths(session, depths)


async def _refresh(
    session: AsyncSession,
    category_id: str,
    before: product_pb2.Category,
    after: product_pb2.Category,
    now: datetime,
) -> None:
    """Refreshes the listings affected by a change: all below after a move, else those in it."""
    if before.parent != after.parent:
        inside = rules.below(await queries.tree(session), category_id)
    elif (before.title, before.handle) != (after.title, after.handle):
        inside = {category_id}
    else:
        return
    await refresh_products(session, await queries.products_in_categories(session, inside), now)
