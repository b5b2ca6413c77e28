"""Reads and changes tags and product types, each in the session that it is given."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.batches import MOST_ROWS
from services.catalog_opt_in.head_office import lock_all_products
from services.catalog_opt_in.listings.refresh import raise_catalogues
from services.catalog_opt_in.products import membership
from services.catalog_opt_in.products.storing import refresh_products
from services.catalog_opt_in.taxonomy.paging import read_page
from services.catalog_opt_in.taxonomy.queries import products_with
from services.catalog_opt_in.taxonomy.terms.kinds import Kind, M, R
from services.catalog_opt_in.texts import problem
from services.catalog_opt_in.translations import queries as translations
from services.kernel.call import names
from services.kernel.call.errors import AlreadyExists, FailedPrecondition, NotFound, invalid
from services.kernel.data import requests, updates
from services.kernel.data.arrays import among
from services.kernel.evidence import audit
from services.values.structs import metadata_of

# The database's collation: values have one that compares bytes, and knows the case of ASCII only.
_WITH_CASE = "default"


async def get(session: AsyncSession, kind: Kind[R, M], name: str) -> M:
    return kind.show(await _row(session, kind, name))


async def page(
    session: AsyncSession,
    kind: Kind[R, M],
    request: Any,  # noqa: ANN401  # each List request is a class of its own
    named: Sequence[str],
) -> tuple[list[M], str, int]:
    """Reads a page: terms, the next page token, and how many there are in all."""
    table: Any = kind.row
    orders = {
        "created_at": (table.created_at, kind.key),
        "updated_at": (table.updated_at, kind.key),
        "id": (kind.key,),
        "value": (table.value, kind.key),
    }
    conditions = [
        func.strpos(func.lower(table.value.collate(_WITH_CASE)), word) > 0
        for word in request.query.lower().split()
    ]
    if named:
        ids = [names.parse(name, kind.pattern)[0] for name in named]
        conditions.append(among(kind.key, ids))
    if request.values:
        conditions.append(among(table.value, request.values))
    rows, token, total = await read_page(session, request, kind.row, orders, *conditions)
    return [kind.show(row) for row in rows], token, total


async def create(
    session: AsyncSession,
    kind: Kind[R, M],
    request: Any,  # noqa: ANN401  # each Create request is a class of its own
    requested: M,
) -> M:
    if answer := await requests.stored_answer(session, request, kind.message):
        return answer
    now = datetime.now(UTC)
    row = kind.row(version=1, created_at=now)
    setattr(row, kind.key.key, names.new_id(kind.id_prefix))
    await _write(session, kind, row, requested, now)
    answer = kind.show(row)
    audit.record(session, resource=answer.name, after=answer)
    return await requests.remember(session, request, answer)


async def update(session: AsyncSession, kind: Kind[R, M], change: M, mask: FieldMask) -> M:
    await lock_all_products(session)
    row = await _row(session, kind, change.name)
    before, now = kind.show(row), datetime.now(UTC)
    requested = updates.apply(change, mask, to=before)
    if requested == before:
        return before
    row.version += 1
    await _write(session, kind, row, requested, now)
    product_ids = await products_with(session, kind.of_products, [kind.id_of(row)])
    if requested.value != before.value:
        await refresh_products(session, product_ids, now)
    else:  # products show neither its metadata nor its times, but shops do
        await raise_catalogues(session, product_ids)
    after = kind.show(row)
    audit.record(session, resource=after.name, before=before, after=after)
    return after


async def delete(session: AsyncSession, kind: Kind[R, M], name: str, etag: str) -> None:
    await lock_all_products(session)
    row = await _row(session, kind, name)
    updates.check_etag(etag, row.version)
    product_ids = await products_with(session, kind.of_products, [kind.id_of(row)])
    if len(product_ids) > MOST_ROWS:
        raise FailedPrecondition(
            f"{kind.code}_IN_USE",
            f"More than {MOST_ROWS} products have this. Take it from some of them first.",
            name=name,
        )
    value = row.value
    await membership.take_out(session, product_ids, lambda p: kind.without(p, value))
    await session.delete(row)
    await translations.remove_of(session, kind.id_of(row))
    audit.record(session, resource=name, before=kind.show(row))


async def _row(session: AsyncSession, kind: Kind[R, M], name: str) -> R:
    (id_,) = names.parse(name, kind.pattern)
    row = await session.get(kind.row, id_)
    if row is None:
        noun = kind.noun.lower()
        raise NotFound(f"{kind.code}_NOT_FOUND", f"No such {noun}: {name}.", name=name)
    return row


async def _write(
    session: AsyncSession, kind: Kind[R, M], row: R, requested: M, now: datetime
) -> None:
    """Validates the request and stores it in `row`."""
    names_begin = kind.pattern.partition("{")[0]
    text = problem(requested.value, required=True)
    # Else products could not tell the value from the name of another.
    if requested.value.startswith(names_begin):
        text = f"must not begin with {names_begin}"
    if text:
        raise invalid("FIELD_INVALID", {"value": text})
    table: Any = kind.row
    another = exists().where(table.value == requested.value, kind.key != kind.id_of(row))
    with session.no_autoflush:
        if await session.scalar(select(another)):
            raise AlreadyExists(
                "VALUE_TAKEN",
                f"{kind.noun} with value: {requested.value}, already exists.",
                value=requested.value,
            )
    row.value, row.extra, row.updated_at = requested.value, metadata_of(requested), now
    session.add(row)
    await session.flush()
