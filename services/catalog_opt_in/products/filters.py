"""Which products a list is of."""

from collections.abc import Iterable, Iterator

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from sqlalchemy import ColumnElement, select

from services.catalog_opt_in import models
from services.catalog_opt_in.folding import sort_key
from services.catalog_opt_in.head_office import own_rows
from services.catalog_opt_in.messages import (
    CATEGORY,
    COLLECTION,
    PRODUCT,
    PRODUCT_TYPE,
    TAG,
    TENANT,
)
from services.catalog_opt_in.products import messages
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.method_rules import Rule
from services.kernel.call.scope import current_scope
from services.kernel.data.arrays import among
from services.kernel.data.time_ranges import within

_WHO_SELLS = Rule("listing:read", platform=False)
_CODES = ("ean", "upc", "barcode")


def conditions(request: pb.ListProductsRequest) -> list[ColumnElement[bool]]:
    """Reads what products must be like; each condition has an index that begins with the tenant.

    Raises:
        InvalidArgument: a name, status or time that cannot exist.
        PermissionDenied: PERMISSION_MISSING, the caller may not know which tenants sell what.
    """
    product = models.Product
    found = [
        *_of_columns(request),
        *_of_links(request),
        *_of_variants(request),
        *within(product.created_at, request.created_at),
        *within(product.updated_at, request.updated_at),
        *within(product.deleted_at, request.deleted_at),
    ]
    return found if request.show_deleted else [product.deleted_at.is_(None), *found]


def _of_columns(request: pb.ListProductsRequest) -> Iterator[ColumnElement[bool]]:
    product = models.Product
    if statuses := [*request.statuses, *filter(None, [request.status])]:
        violations = Violations()
        words = [messages.status(status, violations) for status in statuses]
        violations.refuse()
        yield among(product.status, words)
    if handles := [*request.handles, *filter(None, [request.handle])]:
        yield among(product.handle, handles)
    if request.products:
        yield among(product.product_id, _ids(request.products, PRODUCT))
    if request.titles:
        # The key is what the index has; titles with the same are told apart by themselves.
        yield among(product.title_key, map(sort_key, request.titles))
        yield among(product.title, request.titles)
    # What the index lacks is excluded in so many words, or it would not be used.
    if request.external_ids:
        yield (product.external_id != "") & among(product.external_id, request.external_ids)
    if request.collections:
        yield among(product.collection_id, _ids(request.collections, COLLECTION))
    if request.types:
        yield product.type_id.is_not(None) & among(
            product.type_id, _ids(request.types, PRODUCT_TYPE)
        )
    if request.HasField("is_giftcard"):
        # Not IS true, for which PostgreSQL does not use the index of gift cards.
        yield product.is_giftcard == request.is_giftcard


def _of_links(request: pb.ListProductsRequest) -> Iterator[ColumnElement[bool]]:
    category, tag, listing = models.ProductCategory, models.ProductTag, models.Listing
    if request.categories:
        ids = _ids(request.categories, CATEGORY)
        yield _in(category, own_rows(category), among(category.category_id, ids))
    if request.tags:
        yield _in(tag, own_rows(tag), among(tag.tag_id, _ids(request.tags, TAG)))
    if request.tenants:
        _WHO_SELLS.check(current_scope())
        tenants = _ids(request.tenants, TENANT)
        sold = select(listing.listing_id).where(among(listing.tenant_id, tenants))
        yield models.Product.product_id.in_(sold)


def _of_variants(request: pb.ListProductsRequest) -> Iterator[ColumnElement[bool]]:
    variant, own = models.Variant, own_rows(models.Variant)
    if request.skus:
        yield _in(variant, own, among(variant.sku, request.skus))
    for name in _CODES:
        if codes := getattr(request, f"{name}s"):
            column = getattr(variant, name)
            yield _in(variant, own, column != "", among(column, codes))


def _in(table: type[models.Part], *rows: ColumnElement[bool]) -> ColumnElement[bool]:
    return models.Product.product_id.in_(select(table.product_id).where(*rows))


def _ids(requested: Iterable[str], pattern: str) -> list[str]:
    return [names.parse(name, pattern)[0] for name in requested]
