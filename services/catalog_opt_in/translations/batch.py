"""Many creations, changes and removals of translations, all or none."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.batches import MOST_ROWS
from services.catalog_opt_in.head_office import lock_all_products, own_rows
from services.catalog_opt_in.listings.refresh import raise_catalogues
from services.catalog_opt_in.messages import id_in
from services.catalog_opt_in.models import Translation
from services.catalog_opt_in.taxonomy.queries import raise_catalogues_of
from services.catalog_opt_in.translations import queries
from services.catalog_opt_in.translations.kinds import is_locale, kind_of
from services.catalog_opt_in.translations.messages import TRANSLATION, translation_message
from services.catalog_opt_in.translations.publishing import (
    publish_taxonomy_texts,
    publish_texts_anew,
)
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import invalid
from services.kernel.data import updates
from services.kernel.data.arrays import among
from services.kernel.evidence import audit


async def change(
    session: AsyncSession, request: pb.BatchChangeTranslationsRequest
) -> pb.BatchChangeTranslationsResponse:
    """Does all rows of a batch, and shows the products that they are about anew.

    Raises:
        InvalidArgument: with what is wrong with the rows that cannot be done.
    """
    if len(request.creates) + len(request.updates) + len(request.deletes) > MOST_ROWS:
        text = f"must have at most {MOST_ROWS} entries in creates, updates and deletes together"
        raise invalid("FIELD_INVALID", {"creates": text})
    await lock_all_products(session)
    violations, now = Violations(), datetime.now(UTC)
    stored = await _stored(session, request, violations)
    created = await _new(session, request, violations, now)
    for n, requested in enumerate(request.updates):
        with violations.within(f"updates[{n}]"), violations.collected():
            row = stored.get(f"updates[{n}]")
            if row and (kind := kind_of(row.reference_id)):
                updates.check_etag(requested.etag, row.version)
                violations.extend(kind.problems(requested.texts))
    violations.refuse()
    changed = [
        (stored[f"updates[{n}]"], requested)
        for n, requested in enumerate(request.updates)
        if stored[f"updates[{n}]"].texts != requested.texts
    ]
    removed = [stored[f"deletes[{n}]"] for n in range(len(request.deletes))]
    if created or changed or removed:
        _record(session, created=created, changed=changed, removed=removed, now=now)
        await session.flush()
        rows = [*created, *(row for row, _ in changed), *removed]
        await _show(session, rows, removed)
    return pb.BatchChangeTranslationsResponse(
        created=map(translation_message, created),
        updated=[translation_message(stored[f"updates[{n}]"]) for n in range(len(request.updates))],
        deleted=request.deletes,
    )


async def _stored(
    session: AsyncSession, request: pb.BatchChangeTranslationsRequest, violations: Violations
) -> Mapping[str, Translation]:
    """Reads what is to be changed and removed, by the place of its row."""
    named = {f"updates[{n}].name": row.name for n, row in enumerate(request.updates)}
    named |= {f"deletes[{n}]": name for n, name in enumerate(request.deletes)}
    ids = {at: id_in(name, TRANSLATION, violations, field=at) for at, name in named.items()}
    rows = await queries.get_many(session, [id_ for id_ in ids.values() if id_])
    found: dict[str, Translation] = {}
    for at, id_ in ids.items():
        if id_ not in rows:
            violations.add(at, "does not exist", "TRANSLATION_NOT_FOUND")
        elif rows[id_] in found.values():
            violations.add(at, "must be in one row only: this translation is in several")
        else:
            found[at.removesuffix(".name")] = rows[id_]
    return found


async def _new(
    session: AsyncSession,
    request: pb.BatchChangeTranslationsRequest,
    violations: Violations,
    now: datetime,
) -> list[Translation]:
    """Makes the rows of new translations, as far as they are sound."""
    ids = [requested.reference_id for requested in request.creates]
    owners, taken = await queries.owners(session, ids), await queries.translated(session, ids)
    rows = []
    for n, requested in enumerate(request.creates):
        with violations.within(f"creates[{n}]"):
            key = (requested.reference_id, requested.locale)
            kind = kind_of(requested.reference_id)
            if kind is None or requested.reference_id not in owners:
                violations.add("reference_id", "does not exist", "REFERENCE_NOT_FOUND")
                continue
            if requested.reference not in ("", kind.reference):
                violations.add("reference", f"must be {kind.reference}, as the id says")
            if not is_locale(requested.locale):
                violations.add("locale", "must be a BCP 47 tag, for example fr or fr-TN")
            if key in taken:
                violations.add("locale", "has a translation already", "TRANSLATION_EXISTS")
            violations.extend(kind.problems(requested.texts))
        taken.add(key)
        rows.append(
            Translation(
                translation_id=names.new_id("trans"),
                reference_id=requested.reference_id,
                product_id=owners[requested.reference_id],
                locale=requested.locale,
                texts=dict(requested.texts),
                version=1,
                created_at=now,
                updated_at=now,
            )
        )
    return rows


def _record(
    session: AsyncSession,
    *,
    created: Sequence[Translation],
    changed: Sequence[tuple[Translation, product_pb2.Translation]],
    removed: Sequence[Translation],
    now: datetime,
) -> None:
    """Stores what is new and what has changed, and records an event for each row."""
    session.add_all(created)
    for row in created:
        after = translation_message(row)
        audit.record(session, resource=after.name, after=after)
    for row, requested in changed:
        before = translation_message(row)
        row.texts, row.updated_at = dict(requested.texts), now
        row.version += 1
        audit.record(session, resource=before.name, before=before, after=translation_message(row))
    for row in removed:
        before = translation_message(row)
        audit.record(session, resource=before.name, before=before)


async def _show(
    session: AsyncSession, rows: Sequence[Translation], removed: Sequence[Translation]
) -> None:
    """Removes what is to go, and shows shoppers what has changed."""
    ids = [row.translation_id for row in removed]
    await session.execute(
        delete(Translation).where(own_rows(Translation), among(Translation.translation_id, ids))
    )
    products = await queries.products_showing(session, rows)
    await publish_texts_anew(session, products)
    shared = {row.reference_id for row in rows if row.product_id is None}
    await publish_taxonomy_texts(session, shared)
    await raise_catalogues(session, products)
    # A category is shown where there is a product below it, too.
    await raise_catalogues_of(session, shared)
