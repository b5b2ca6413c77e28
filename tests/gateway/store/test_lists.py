"""What all storefront lists have in common: envelope, documents, cache policy."""

import pytest

from gateway.medusa.resource import leaves
from services.values.market_documents import StoreRegion
from services.values.store_documents import (
    StoreCategory,
    StoreCollection,
    StoreOption,
    StoreProduct,
    StoreTag,
    StoreType,
    StoreVariant,
)

POLICY = "public, max-age=0, s-maxage=1, must-revalidate"
LISTS: dict[str, tuple[str, type, int]] = {
    "/store/products": ("products", StoreProduct, 50),
    "/store/collections": ("collections", StoreCollection, 10),
    "/store/product-categories": ("product_categories", StoreCategory, 50),
    "/store/product-tags": ("product_tags", StoreTag, 50),
    "/store/product-types": ("product_types", StoreType, 50),
    "/store/product-variants": ("variants", StoreVariant, 20),
    "/store/product-options": ("product_options", StoreOption, 50),
    "/store/regions": ("regions", StoreRegion, 20),
}


def paths_in(value, under=""):
    """The leaves that a document really has."""
    if isinstance(value, dict) and value:
        for key, held in value.items():
            yield from paths_in(held, f"{under}{key}.")
    elif isinstance(value, list):
        for one in value:
            yield from paths_in(one, under)
    else:
        yield under.removesuffix(".")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("tenant", ["hq", "paris"])
async def test_a_list_has_medusas_envelope(read, tenant, path):
    plural, _, limit = LISTS[path]

    answer = await read(tenant, path)

    assert list(answer) == [plural, "count", "offset", "limit"]
    assert (answer["offset"], answer["limit"]) == (0, limit)
    assert len(answer[plural]) == min(answer["count"], limit) > 0


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("tenant", ["hq", "paris"])
async def test_documents_hold_what_openapi_says_and_nothing_else(read, tenant, url):
    plural, model, _ = LISTS[url]
    described = set(leaves(model))

    for document in (await read(tenant, url))[plural]:
        for path in paths_in(document):
            assert any(f"{path}.".startswith(f"{leaf}.") for leaf in described) or any(
                leaf.startswith(f"{path}.") for leaf in described
            ), path


@pytest.mark.parametrize("url", LISTS)
async def test_every_read_has_the_same_cache_policy(http, host, url):
    for tenant in ("hq", "paris"):
        for query in ({}, {"fields": "id"}, {"limit": "1"}):
            answer = await http.get(url, params=query, headers=host(tenant))
            assert answer.headers["cache-control"] == POLICY
            (first, *_) = next(iter(answer.json().values()))
            one = await http.get(f"{url}/{first['id']}", params=query, headers=host(tenant))
            policy = "no-store" if "limit" in query else POLICY  # one has no pages: an error
            assert one.headers["cache-control"] == policy
