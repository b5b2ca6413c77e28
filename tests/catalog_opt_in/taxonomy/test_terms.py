"""Tags and product types: made by themselves, and changed in every shop that shows them."""

import uuid
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.kernel.v1.times_pb2 import TimeRange

from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import unique
from tests.catalog_opt_in.taxonomy.conftest import Kind


class Terms(Kind):
    """Calls to tags or to product types."""

    def __init__(self, catalogue, word, field):
        super().__init__(catalogue, word, f"{word}s")
        self.field, self.names = field, f"{field}s"

    def of(self, **fields):
        return getattr(products, self.word)(**{"value": unique(self.word)} | fields)

    def on(self, *values):
        """Returns the fields of a product with these values."""
        return {"tags": values} if self.word == "Tag" else {"type": values[0]}

    def values_in(self, document):
        """Returns the values in the document of a product in a shop."""
        found = document["tags"] if self.word == "Tag" else [document["type"]]
        return [term["value"] for term in found if term]

    def stored(self, product):
        return list(product.tags if self.word == "Tag" else filter(None, [product.type]))


TERMS = {"tags": ("Tag", "tag"), "types": ("ProductType", "product_type")}


@pytest.fixture(params=TERMS)
def terms(request, catalogue):
    return Terms(catalogue, *TERMS[request.param])


async def test_a_term_is_read_as_it_was_created(terms):
    made = await terms.create(metadata={"colour": "red"})

    assert await terms.get(made.name) == made
    assert made.create_time == made.update_time
    assert dict(made.metadata) == {"colour": "red"}


async def test_a_term_that_a_product_made_is_there_with_its_times(terms, create):
    value = unique("made")
    before = datetime.now(UTC)
    await create(**terms.on(value))
    after = datetime.now(UTC)

    [found], answer = await terms.all(values=[value])

    assert (found.value, answer.total_size) == (value, 1)
    assert before <= found.create_time.ToDatetime(UTC) <= after
    assert not found.HasField("metadata")


async def test_a_repeated_request_creates_once(terms):
    again = {"request_id": str(uuid.uuid4()), "value": unique("Once")}

    assert await terms.create(**again) == await terms.create(**again)


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_other_tenants_cannot_read_or_write_terms(terms, tenant):
    made = await terms.create()

    for call in (
        terms.get(made.name, tenant),
        terms.all(tenant),
        terms.create(tenant),
        terms.update(made, "value", tenant=tenant),
        terms.delete(made.name, tenant),
    ):
        with pytest.raises(PermissionDenied) as refusal:
            await call
        assert refusal.value.reason == "HEAD_OFFICE_ONLY"


async def test_a_value_is_given_once(terms):
    made, other = await terms.create(), await terms.create()
    noun = "tag" if terms.word == "Tag" else "type"
    other.value = made.value

    for call in (terms.create(value=made.value), terms.update(other, "value")):
        with pytest.raises(AlreadyExists) as refusal:
            await call
        assert refusal.value.reason == "VALUE_TAKEN"
        message = f"Product {noun} with value: {made.value}, already exists."
        assert str(refusal.value) == message
    assert await terms.update(made, "value") == made


@pytest.mark.parametrize("value", ["", " ", "a\x07", "x" * 51])
async def test_a_wrong_value_is_refused(terms, value):
    with pytest.raises(InvalidArgument) as refusal:
        await terms.create(value=value)
    assert "value" in refusal.value.violations


async def test_a_value_cannot_look_like_a_name(terms):
    beginning = (await terms.create()).name.partition("/")[0]

    with pytest.raises(InvalidArgument) as refusal:
        await terms.create(value=f"{beginning}/x")
    assert refusal.value.violations == {"value": f"must not begin with {beginning}/"}


async def test_a_stale_etag_is_refused(terms):
    made = await terms.create()
    made.value = unique("Changed")
    await terms.update(made, "value")

    with pytest.raises(Aborted):
        await terms.update(made, "value")


async def test_terms_are_found_and_sorted(terms):
    word = unique("Été")
    first = await terms.create(value=f"{word} zu")
    second = await terms.create(value=f"{word} yo")
    earlier = Timestamp(seconds=first.create_time.seconds - 1)
    # Ids of the same millisecond are in any order; times have microseconds.
    by_id = sorted([first, second], key=lambda term: term.name)

    for filters, found in (
        ({"values": [first.value, second.value]}, [first, second]),
        ({"values": [word]}, []),
        ({"query": f"ZU {word.upper()}"}, [first]),
        ({"query": word, "order_by": "value"}, [second, first]),
        ({"query": word, "order_by": "id"}, by_id),
        ({"query": word, "order_by": "-id"}, by_id[::-1]),
        ({"query": word, "order_by": "updated_at"}, [first, second]),
        ({"query": word, "order_by": "id", "created_at": TimeRange(gt=earlier)}, by_id),
        ({"query": word, "updated_at": TimeRange(lt=earlier)}, []),
        ({terms.names: [second.name]}, [second]),
    ):
        rows, answer = await terms.all(**filters)
        assert rows == found, filters
        assert answer.total_size == len(found)


async def test_a_new_value_is_in_every_shop(terms, create, opt_in, look_up, read, tenants):
    made = await terms.create()
    product = await create(**terms.on(made.value))
    for tenant in tenants:
        await opt_in(tenant, product)

    made.value = unique("Renamed")
    await terms.update(made, "value")

    assert terms.stored(await read(product)) == [made.value]
    for tenant in tenants:
        assert terms.values_in(await look_up(tenant, product.handle)) == [made.value]


async def test_products_of_a_deleted_term_stay_without_it(
    terms, create, opt_in, look_up, read, tenants
):
    made = await terms.create()
    product, other = await create(**terms.on(made.value)), await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    await terms.delete(made.name)

    with pytest.raises(NotFound) as refusal:
        await terms.get(made.name)
    assert refusal.value.reason.endswith("_NOT_FOUND")
    after = await read(product)
    assert terms.stored(after) == []
    assert after.etag != product.etag
    assert await read(other) == other
    for tenant in tenants:
        assert terms.values_in(await look_up(tenant, product.handle)) == []


async def test_the_other_tags_of_a_product_stay(catalogue, create, read):
    tags = Terms(catalogue, "Tag", "tag")
    gone = await tags.create()
    others = [unique("first"), unique("last")]
    product = await create(tags=[others[0], gone.value, others[1]])

    await tags.delete(gone.name)

    assert list((await read(product)).tags) == others


async def test_metadata_of_a_term_reach_its_shops_and_leave_its_products(
    terms, create, opt_in, look_up, storefront_page, tenants
):
    paris, lyon = tenants
    made = await terms.create()
    product = await create(**terms.on(made.value))
    await opt_in(paris, product)
    await opt_in(lyon, await create())
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    document = await look_up(paris, product.handle)

    made.metadata.update({"colour": "red"})
    await terms.update(made, "metadata")

    after = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]
    assert await look_up(paris, product.handle) == document
