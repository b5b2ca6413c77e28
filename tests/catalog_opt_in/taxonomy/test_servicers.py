"""The collection and category methods of CatalogService."""

import uuid

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from services.kernel.call.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.builders import id_of, unique


class Kind:
    """Calls to one of the two kinds of shelves."""

    def __init__(self, catalogue, word, plural):
        self._stub, self.word, self._plural = catalogue, word, plural

    def of(self, **fields):
        return getattr(products, self.word)(**{"title": unique(self.word)} | fields)

    async def create(self, tenant="hq", request_id="", **fields):
        body = {self.word.lower(): self.of(**fields), "request_id": request_id}
        return await self._call("Create", tenant, body)

    async def update(self, resource, *paths, tenant="hq"):
        body = {self.word.lower(): resource, "update_mask": FieldMask(paths=paths)}
        return await self._call("Update", tenant, body)

    async def get(self, name, tenant="hq"):
        return await self._call("Get", tenant, {"name": name})

    async def delete(self, name, tenant="hq"):
        return await self._call("Delete", tenant, {"name": name})

    async def all(self, tenant="hq", **asked):
        method = f"List{self._plural}"
        answer = await getattr(self._stub(tenant), method)(getattr(pb, f"{method}Request")(**asked))
        return list(getattr(answer, self._plural.lower())), answer

    async def _call(self, verb, tenant, body):
        method = f"{verb}{self.word}"
        return await getattr(self._stub(tenant), method)(getattr(pb, f"{method}Request")(**body))


@pytest.fixture
def collections(catalogue):
    return Kind(catalogue, "Collection", "Collections")


@pytest.fixture
def categories(catalogue):
    return Kind(catalogue, "Category", "Categories")


@pytest.fixture(params=["collections", "categories"])
def kind(request):
    return request.getfixturevalue(request.param)


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


async def test_a_resource_with_products_cannot_be_deleted(collections, categories, create):
    collection, category = await collections.create(), await categories.create()
    await create(collection=collection.name, categories=[category.name])

    for kind, held in ((collections, collection), (categories, category)):
        with pytest.raises(FailedPrecondition) as refusal:
            await kind.delete(held.name)
        assert refusal.value.reason.endswith("_IN_USE")


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


async def test_a_resource_is_found_by_its_handle(kind):
    made = await kind.create()

    rows, answer = await kind.all(handle=made.handle)

    assert ([row.name for row in rows], answer.total_size) == ([made.name], 1)


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


async def test_products_move_with_their_category(categories, create, opt_in, shown, tenants):
    old, new = await categories.create(), await categories.create()
    middle = await categories.create(parent=old.name)
    product = await create(categories=[(await categories.create(parent=middle.name)).name])
    for tenant in tenants:
        await opt_in(tenant, product)

    middle.parent = new.name
    await categories.update(middle, "parent")

    for tenant in tenants:
        assert (await shown(tenant, category_ids=[id_of(new)]))[1].total_size == 1
        assert (await shown(tenant, category_ids=[id_of(old)]))[1].total_size == 0


async def test_every_change_of_a_category_raises_the_version_where_it_is_shown(
    categories, create, opt_in, shown, tenants
):
    paris, lyon = tenants
    category = await categories.create()
    await opt_in(paris, await create(categories=[category.name]))
    await opt_in(lyon, await create())
    before = [(await shown(tenant))[1].catalogue_version for tenant in tenants]

    category.description = "New"
    await categories.update(category, "description")

    after = [(await shown(tenant))[1].catalogue_version for tenant in tenants]
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
        [shown] = (await look_up(tenant, product.handle))["categories"]
        assert shown["name"] == "New name"
