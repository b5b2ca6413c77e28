"""Translations of what two shops sell, and what shoppers read in their locales."""

import json

import pytest
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts

from tests.catalog_opt_in.builders import id_of


@pytest.fixture
def batch(catalogue):
    """Changes translations: messages of Translation, and names of those to remove."""

    async def change(*, creates=(), updates=(), deletes=(), tenant="hq", **fields):
        request = pb.BatchChangeTranslationsRequest(
            creates=creates, updates=updates, deletes=deletes, **fields
        )
        return await catalogue(tenant).BatchChangeTranslations(request)

    return change


@pytest.fixture
def translate(batch):
    """Translates what has an id."""

    async def create(reference_id, locale="ar", **texts):
        row = products.Translation(reference_id=reference_id, locale=locale, texts=texts)
        return (await batch(creates=[row])).created[0]

    return create


@pytest.fixture
def translations(catalogue):
    """Reads the translations of things, the oldest first."""

    async def read(*reference_ids, **fields):
        request = pb.ListTranslationsRequest(reference_ids=reference_ids, **fields)
        return list((await catalogue().ListTranslations(request)).translations)

    return read


@pytest.fixture
def read_in(store):
    """Reads a product in a shop, in the first of some locales that has each text."""

    async def read(tenant, product, *locales):
        request = storefronts.GetStoreProductRequest(
            name=f"tenants/{tenant}/storeProducts/{id_of(product)}", locales=locales
        )
        return json.loads((await store(tenant).GetStoreProduct(request)).document)

    return read


@pytest.fixture
def shelf(store):
    """Reads what a shop shows of a kind, such as Tags, in some locales."""

    async def read(tenant, kind, *locales, **fields):
        request = getattr(storefronts, f"ListStore{kind}Request")(
            parent=f"tenants/{tenant}", locales=locales, **fields
        )
        answer = await getattr(store(tenant), f"ListStore{kind}")(request)
        return [json.loads(document) for document in answer.documents], answer

    return read
