"""What products of the master catalogue are found by."""

from collections.abc import Sequence

from souk.catalog_opt_in.v1.catalog_service_pb2 import ListProductsRequest
from souk.catalog_opt_in.v1.product_pb2 import Product
from souk.tenant_registry.v1.tenant_registry_service_pb2 import ListVisibleTenantsRequest

from gateway.clients import Clients
from gateway.documents.product import STATUSES
from gateway.documents.sales_channel import tenant_names
from gateway.medusa.filters import Choice, Filter, Flag, Id, Many, One, Text, times
from gateway.medusa.query import ParsedQuery
from gateway.medusa.values import enum_value
from services.kernel.call.limits import MOST_ROWS, most_characters, most_entries


def _many(name: str, of: One | Id | Choice | None = None, *, have_commas: bool = False) -> Many:
    most = most_entries(ListProductsRequest, name)
    return Many(most, of=of or One(), have_commas=have_commas)


FILTERS: dict[str, Filter] = {
    "q": Text(most_characters(ListProductsRequest, "query")),
    "id": _many("products", Id()),
    "handle": _many("handles"),
    "title": _many("titles", have_commas=True),
    "status": _many("statuses", Choice(STATUSES)),
    "external_id": _many("external_ids", have_commas=True),
    "collection_id": _many("collections", Id()),
    "category_id": _many("categories", Id()),
    "tag_id": _many("tags", Id()),
    "type_id": _many("types", Id()),
    "is_giftcard": Flag(),
    "variants.sku": _many("skus", have_commas=True),
    "variants.ean": _many("eans"),
    "variants.upc": _many("upcs"),
    "variants.barcode": _many("barcodes", have_commas=True),
    "sales_channel_id": _many("tenants"),
    **times("created_at", "updated_at", "deleted_at"),
    "with_deleted": Flag(),
}
ORDER = ("created_at", "updated_at", "id", "title", "handle", "status")


def list_request(query: ParsedQuery, tenants: Sequence[str]) -> ListProductsRequest:
    """Makes the request for a page; `tenants` are the names of those that sell its products."""

    def named(kind: str, key: str) -> list[str]:
        return [f"{kind}/{id_}" for id_ in query.many(key)]

    return ListProductsRequest(
        page_size=query.limit,
        skip=query.offset,
        order_by=query.order,
        query=query.one("q"),
        products=named("products", "id"),
        handles=query.many("handle"),
        titles=query.many("title"),
        statuses=[enum_value(Product.Status, word) for word in query.many("status")],
        external_ids=query.many("external_id"),
        collections=named("collections", "collection_id"),
        categories=named("categories", "category_id"),
        tags=named("productTags", "tag_id"),
        types=named("productTypes", "type_id"),
        is_giftcard=query.flag("is_giftcard"),
        skus=query.many("variants.sku"),
        eans=query.many("variants.ean"),
        upcs=query.many("variants.upc"),
        barcodes=query.many("variants.barcode"),
        tenants=tenants,
        created_at=query.time_range("created_at"),
        updated_at=query.time_range("updated_at"),
        deleted_at=query.time_range("deleted_at"),
        show_deleted=bool(query.flag("with_deleted")),
    )


async def tenants_of(query: ParsedQuery, clients: Clients, head_office: str) -> list[str] | None:
    """Returns the tenants that a query names, of those that the caller may see.

    None if there is no such tenant, so that no product can be found.
    """
    if not (channels := query.many("sales_channel_id")):
        return []
    found = await clients.tenants.ListVisibleTenants(
        ListVisibleTenantsRequest(
            parent=f"tenants/{head_office}",
            page_size=MOST_ROWS,
            tenants=tenant_names(channels),
            show_deleted=True,
        )
    )
    return [tenant.name for tenant in found.tenants] or None
