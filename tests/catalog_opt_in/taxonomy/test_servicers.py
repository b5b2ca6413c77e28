"""The collection and category methods of CatalogService."""

import uuid

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from souk.catalog_opt_in.v1 import catalog_service_pb2 as catalog
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.kernel.v1.times_pb2 import TimeRange

from services.catalog_opt_in.taxonomy.members import MOST_PRODUCTS
from services.catalog_opt_in.taxonomy.rules import MOST_CHILDREN
from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import flavoured, id_of, product_of, unique
from tests.catalog_opt_in.conftest import SERVICE


async def test_a_resource_is_read_as_it_was_created(kind):
    made = await kind.create(handle=unique("handle"))

    assert await kind.get(made.name) == made


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
async def test_other_tenants_cannot_read_or_write_the_taxonomy(kind, tenant):
    made = await kind.create()

    for call in (
        kind.get(made.name, tenant),
        kind.all(tenant),
        kind.create(tenant),
        kind.update(made, "title", tenant=tenant),
        kind.delete(made.name, tenant),
    ):
        with pytest.raises(PermissionDenied) as refusal:
            await call
        assert refusal.value.reason == "HEAD_OFFICE_ONLY"


async def test_a_repeated_request_creates_once(kind):
    again = {"request_id": str(uuid.uuid4()), "title": unique("Once")}

    assert await kind.create(**again) == await kind.create(**again)


async def test_a_handle_is_given_once(kind):
    made = await kind.create()

    with pytest.raises(AlreadyExists) as refusal:
        await kind.create(handle=made.handle)
    assert refusal.value.reason == "HANDLE_TAKEN"
    assert (await kind.update(made, "handle")).handle == made.handle


@pytest.mark.parametrize("fields", [{"title": ""}, {"title": "x" * 201}, {"handle": "No"}])
async def test_a_wrong_field_is_named(kind, fields):
    with pytest.raises(InvalidArgument) as refusal:
        await kind.create(**fields)

    assert set(refusal.value.violations) >= set(fields)


@pytest.mark.parametrize("field", ["title", "handle"])
async def test_a_field_that_is_never_empty_cannot_be_emptied(kind, field):
    made = await kind.create()

    with pytest.raises(InvalidArgument) as refusal:
        await kind.update(getattr(products, kind.word)(name=made.name), field)

    assert field in refusal.value.violations
    assert await kind.get(made.name) == made


async def test_a_stale_etag_is_refused(kind):
    made = await kind.create()
    made.title = unique("Changed")
    await kind.update(made, "title")

    with pytest.raises(Aborted):
        await kind.update(made, "title")


async def test_a_deleted_resource_is_gone(kind):
    made = await kind.create()

    await kind.delete(made.name)

    for call in (kind.get(made.name), kind.delete(made.name)):
        with pytest.raises(NotFound):
            await call


async def test_pages_hold_every_resource_once(kind):
    made = {(await kind.create()).name for _ in range(3)}
    found, token = [], ""
    while True:
        rows, answer = await kind.all(page_size=200, page_token=token)
        found += [row.name for row in rows]
        token = answer.next_page_token
        if not token:
            break

    assert made <= set(found)
    assert len(found) == len(set(found)) == answer.total_size


@pytest.mark.parametrize("order", ["created_at", "title", "handle"])
async def test_pages_follow_the_requested_order(kind, order):
    rows, _ = await kind.all(order_by=f"-{order}", page_size=200)

    keys = {
        "created_at": lambda row: row.create_time.ToNanoseconds(),
        "title": lambda row: row.title.casefold()[:1],
        "handle": lambda row: row.handle,
    }
    found = [keys[order](row) for row in rows]
    if order != "title":
        assert found == sorted(found, reverse=True)
    else:
        assert found[0] >= found[-1]


async def test_a_resource_is_found_by_what_it_is_called(kind):
    word = unique("Épicé")
    made = await kind.create(title=f"{word} Hiver")
    other = await kind.create(title=f"{word} Été")
    plural = "collections" if kind.word == "Collection" else "categories"

    for filters, names in (
        ({"handle": made.handle}, [made.name]),
        ({"handles": [made.handle, other.handle]}, [made.name, other.name]),
        ({"title": made.title}, [made.name]),
        ({"title": word}, []),
        ({"query": f"hiver {word.upper()}"}, [made.name]),
        ({"query": word}, [made.name, other.name]),
        ({plural: [made.name], "query": word}, [made.name]),
        ({plural: [made.name], "query": "ete"}, []),
    ):
        rows, answer = await kind.all(order_by="created_at", **filters)
        assert [row.name for row in rows] == names, filters
        assert answer.total_size == len(names)


async def test_a_query_with_a_control_character_is_refused(kind):
    with pytest.raises(InvalidArgument) as refusal:
        await kind.all(query="a\x07")
    assert refusal.value.violations == {"query": "must not contain control characters"}


async def test_metadata_are_kept_key_by_key(kind):
    made = await kind.create(metadata={"season": "winter", "weights": [1, 2.5], "gone": "x"})
    plain = await kind.create()
    assert not plain.HasField("metadata")

    change = getattr(products, kind.word)(name=made.name, metadata={"gone": "", "new": None})
    await kind.update(change, "metadata")

    metadata = (await kind.get(made.name)).metadata
    assert MessageToDict(metadata) == {"season": "winter", "weights": [1, 2.5], "new": None}
    cleared = await kind.update(getattr(products, kind.word)(name=made.name), "metadata")
    assert not cleared.HasField("metadata")


async def test_metadata_have_at_most_16_kib(kind):
    with pytest.raises(InvalidArgument) as refusal:
        await kind.create(metadata={"note": "x" * 16_385})
    assert list(refusal.value.violations) == ["metadata"]


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
async def test_resources_are_found_by_times_to_the_millisecond(kind, field):
    made = await kind.create()
    at, later = (Timestamp() for _ in range(2))
    at.FromMilliseconds(made.create_time.ToMilliseconds())
    later.FromMilliseconds(at.ToMilliseconds() + 1)

    for found, bounds in (
        (True, {"eq": at}),
        (True, {"gte": at, "lte": at}),
        (True, {"gt": Timestamp(seconds=1), "lt": later}),
        (False, {"eq": later}),
        (False, {"gt": at}),
        (False, {"gte": later}),
        (False, {"lt": at}),
        (False, {"lte": Timestamp(seconds=1)}),
    ):
        _, answer = await kind.all(handle=made.handle, **{field: TimeRange(**bounds)})
        assert answer.total_size == found, bounds


async def test_a_time_that_no_calendar_has_is_refused(kind):
    with pytest.raises(InvalidArgument) as refusal:
        await kind.all(created_at=TimeRange(gt=Timestamp(seconds=2**60)))
    assert refusal.value.reason == "TIME_INVALID"


async def test_parents_come_before_their_children(categories):
    top = await categories.create(rank=9)
    await categories.create(parent=top.name, rank=0)

    rows, _ = await categories.all(page_size=200)

    seen = set()
    for row in rows:
        assert not row.parent or row.parent in seen
        seen.add(row.name)


async def test_a_category_cannot_lie_under_itself(categories):
    top = await categories.create()
    middle = await categories.create(parent=top.name)
    bottom = await categories.create(parent=middle.name)

    for under in (top, middle, bottom):
        top.parent = under.name
        with pytest.raises(FailedPrecondition) as refusal:
            await categories.update(top, "parent")
        assert refusal.value.reason == "CATEGORY_CYCLE"


async def test_the_tree_is_at_most_ten_deep(categories):
    parent = ""
    for _ in range(10):
        parent = (await categories.create(parent=parent)).name

    with pytest.raises(FailedPrecondition) as refusal:
        await categories.create(parent=parent)
    assert refusal.value.reason == "CATEGORY_TOO_DEEP"


async def test_a_parent_must_exist(categories):
    with pytest.raises(InvalidArgument) as refusal:
        await categories.create(parent="categories/pcat_none")

    assert refusal.value.reason == "CATEGORY_NOT_FOUND"


async def test_a_category_with_another_in_it_is_kept(categories):
    top = await categories.create()
    await categories.create(parent=top.name)

    with pytest.raises(FailedPrecondition) as refusal:
        await categories.delete(top.name)
    assert refusal.value.reason == "CATEGORY_IN_USE"


async def test_products_move_with_their_category(
    categories, create, opt_in, storefront_page, tenants
):
    old, new = await categories.create(), await categories.create()
    middle = await categories.create(parent=old.name)
    product = await create(categories=[(await categories.create(parent=middle.name)).name])
    for tenant in tenants:
        await opt_in(tenant, product)

    middle.parent = new.name
    await categories.update(middle, "parent")

    for tenant in tenants:
        assert (await storefront_page(tenant, category_ids=[id_of(new)]))[1].total_size == 1
        assert (await storefront_page(tenant, category_ids=[id_of(old)]))[1].total_size == 0


async def test_every_change_of_a_category_raises_the_version_where_it_is_shown(
    categories, create, opt_in, storefront_page, tenants
):
    paris, lyon = tenants
    category = await categories.create()
    await opt_in(paris, await create(categories=[category.name]))
    await opt_in(lyon, await create())
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]

    category.description = "New"
    await categories.update(category, "description")

    after = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]


async def test_a_categorys_new_title_is_on_every_product_in_it(
    categories, create, opt_in, look_up, tenants
):
    category = await categories.create()
    product = await create(categories=[category.name])
    for tenant in tenants:
        await opt_in(tenant, product)

    category.title = "New name"
    await categories.update(category, "title")

    for tenant in tenants:
        [document] = (await look_up(tenant, product.handle))["categories"]
        assert document["name"] == "New name"


async def test_metadata_of_a_collection_reach_its_shops_and_leave_its_products(
    collections, create, opt_in, look_up, storefront_page, tenants
):
    paris, lyon = tenants
    collection = await collections.create()
    product = await create(collection=collection.name)
    await opt_in(paris, product)
    await opt_in(lyon, await create())
    before = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    document = await look_up(paris, product.handle)

    collection.metadata.update({"season": "winter"})
    await collections.update(collection, "metadata")

    after = [(await storefront_page(tenant))[1].catalogue_version for tenant in tenants]
    assert after[0] > before[0]
    assert after[1] == before[1]
    assert await look_up(paris, product.handle) == document


async def test_a_category_that_stays_where_it_is_may_be_among_too_many(categories, database):
    full = await categories.create()
    child = await categories.create(parent=full.name)
    superuser = await database(SERVICE, "superuser")
    await superuser.execute(
        "INSERT INTO category (category_id, title, title_key, handle, description, parent_id, rank,"
        " depth, version, created_at, updated_at) SELECT id, id, id, id, '', $1, n + 1, 1, 1,"
        " now(), now() FROM (SELECT n, $2 || n AS id FROM generate_series(1, $3::int) n) made",
        id_of(full),
        child.handle,
        MOST_CHILDREN,
    )

    child.title = "Renamed"
    assert (await categories.update(child, "title")).title == "Renamed"
    with pytest.raises(FailedPrecondition) as refusal:
        await categories.create(parent=full.name)
    assert refusal.value.reason == "CATEGORY_FULL"
    await superuser.execute(
        "DELETE FROM category WHERE parent_id = $1 AND category_id LIKE $2",
        id_of(full),
        f"{child.handle}%",
    )


async def test_a_place_comes_with_its_oldest_products_in_it_itself(kind, create, scoped_stub):
    place, other = await kind.create(), await kind.create()
    made = [await create(**kind.holding(place), type=unique("powder")) for _ in range(2)]
    elsewhere = await create(**kind.holding(other))
    names = {kind.names: [place.name, other.name]}

    found, _ = await kind.all(**names, with_products=True)

    assert {one.name: [p.name for p in one.products] for one in found} == {
        place.name: [product.name for product in made],
        other.name: [elsewhere.name],
    }
    first = next(one for one in found if one.name == place.name).products[0]
    assert (first.title, first.status, first.type) == (
        made[0].title,
        products.Product.STATUS_PUBLISHED,
        made[0].type_detail.name,
    )
    assert not any(one.products for one in (await kind.all(**names))[0])
    stub = scoped_stub(
        CatalogServiceStub,
        SERVICE,
        tenant="hq",
        permissions={f"{kind.field}:read"},
    )
    read = getattr(stub, f"Get{kind.word}")
    request = getattr(catalog, f"Get{kind.word}Request")
    assert not (await read(request(name=place.name))).products
    with pytest.raises(PermissionDenied) as refusal:
        await read(request(name=place.name, with_products=True))
    assert refusal.value.reason == "PERMISSION_MISSING"


async def test_a_place_mentions_at_most_fifty_products(kind, catalogue, made):
    place = await kind.create()
    rows = [product_of(**flavoured("A"), **kind.holding(place)) for _ in range(MOST_PRODUCTS + 1)]
    batch = await catalogue().BatchChangeProducts(catalog.BatchChangeProductsRequest(creates=rows))
    made.extend(product.name for product in batch.created)

    [found], _ = await kind.all(**{kind.names: [place.name]}, with_products=True)

    assert [p.name for p in found.products] == sorted(made[1:])[:MOST_PRODUCTS]
