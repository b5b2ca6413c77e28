"""Categories: their places among their siblings, those around them, and who sees them."""

import pytest
from souk.catalog_opt_in.v1 import product_pb2 as products
from souk.catalog_opt_in.v1 import storefront_service_pb2 as storefronts

from services.kernel.call.errors import InvalidArgument
from tests.catalog_opt_in.builders import id_of


@pytest.fixture
def siblings(categories):
    """Reads the titles of a category's children with their ranks, by rank."""

    async def read(parent):
        rows, _ = await categories.all(parent=parent.name, order_by="rank")
        return [(row.title, row.rank) for row in rows]

    return read


@pytest.fixture
def family(categories):
    """Creates a category with children of these titles."""

    async def create(*titles, **fields):
        top = await categories.create(**fields)
        children = [
            await categories.create(title=title, handle="", parent=top.name) for title in titles
        ]
        return top, children

    return create


async def test_a_new_category_comes_last(family, siblings):
    top, _ = await family("a", "b", "c")

    assert await siblings(top) == [("a", 0), ("b", 1), ("c", 2)]


@pytest.mark.parametrize(
    ("rank", "titles"), [(0, "xab"), (1, "axb"), (2, "abx"), (3, "abx"), (2**31 - 1, "abx")]
)
async def test_siblings_make_room_for_a_new_category(categories, family, siblings, rank, titles):
    top, _ = await family("a", "b")

    made = await categories.create(title="x", parent=top.name, rank=rank)

    assert await siblings(top) == [(title, place) for place, title in enumerate(titles)]
    assert made.rank == titles.index("x")


@pytest.mark.parametrize(
    ("moved", "rank", "titles"),
    [(0, 0, "abcd"), (0, 2, "bcad"), (0, 99, "bcda"), (3, 0, "dabc"), (2, 1, "acbd")],
)
async def test_siblings_make_room_for_one_that_moves(
    categories, family, siblings, moved, rank, titles
):
    top, children = await family(*"abcd")

    after = await categories.update(products.Category(name=children[moved].name, rank=rank), "rank")

    assert await siblings(top) == [(title, place) for place, title in enumerate(titles)]
    assert after.rank == titles.index("abcd"[moved])


async def test_a_category_under_another_parent_comes_last_and_leaves_no_gap(
    categories, family, siblings
):
    new, _ = await family("x", "y")
    old, [first, _, last] = await family("a", "b", "c")

    first.parent = new.name
    assert (await categories.update(first, "parent")).rank == 2
    last.parent, last.rank = new.name, 0
    assert (await categories.update(last, "parent", "rank")).rank == 0

    assert await siblings(old) == [("b", 0)]
    assert await siblings(new) == [("c", 0), ("x", 1), ("y", 2), ("a", 3)]


async def test_a_deleted_category_leaves_no_gap(categories, family, siblings):
    top, [first, *_] = await family("a", "b", "c")

    await categories.delete(first.name)

    assert await siblings(top) == [("b", 0), ("c", 1)]


async def test_making_room_is_no_change_of_a_sibling(categories, family):
    top, [first] = await family("a")

    await categories.create(parent=top.name, rank=0)

    shifted = await categories.get(first.name)
    assert (shifted.rank, shifted.etag, shifted.update_time) == (1, first.etag, first.update_time)


async def test_a_shop_that_shows_a_sibling_sees_its_new_rank(
    categories, family, create, opt_in, store, tenants
):
    _, [first, second] = await family("a", "b")
    for tenant in tenants:
        await opt_in(tenant, await create(categories=[second.name]))

    await categories.delete(first.name)

    for tenant in tenants:
        request = storefronts.ListStoreCategoriesRequest(
            parent=f"tenants/{tenant}", ids=[id_of(second)]
        )
        [document] = (await store(tenant).ListStoreCategories(request)).documents
        assert b'"rank":0' in document


async def test_a_category_comes_with_those_above_it_and_its_children(categories, family):
    top, [middle, other] = await family("middle", "other")
    low = await categories.create(parent=middle.name)
    lowest = await categories.create(parent=low.name)

    found = await categories.get(low.name)
    assert found.parent_category.name == middle.name
    assert found.parent_category.parent_category.name == top.name
    assert not found.parent_category.parent_category.HasField("parent_category")
    assert [child.name for child in found.category_children] == [lowest.name]
    [listed], _ = await categories.all(categories=[top.name])
    assert [child.name for child in listed.category_children] == [middle.name, other.name]
    assert not listed.category_children[0].category_children


async def test_a_write_answers_with_those_around_a_category(categories, family):
    top, [middle, _] = await family("middle", "other")
    low = await categories.create(parent=middle.name)

    assert low.parent_category.parent_category.name == top.name
    middle.description = "New"
    changed = await categories.update(middle, "description")
    assert changed.parent_category.name == top.name
    assert [child.name for child in changed.category_children] == [low.name]


async def test_all_descendants_come_when_they_are_asked_for(categories, family):
    top, [middle, _] = await family("middle", "other")
    low = await categories.create(parent=middle.name)

    [listed], _ = await categories.all(categories=[top.name], with_descendants=True)
    [first, second] = listed.category_children
    assert [child.name for child in first.category_children] == [low.name]
    assert not second.category_children


async def test_categories_are_found_by_parent_and_by_who_sees_them(categories, family):
    top, [low] = await family("low", is_internal=True)
    hidden = await categories.create(parent=top.name, is_active=False)
    both = [top.name, low.name, hidden.name]

    for filters, expected in (
        ({"parent": top.name}, {low.name, hidden.name}),
        ({"parent": "", "categories": both}, {top.name}),
        ({"is_active": True, "categories": both}, {top.name, low.name}),
        ({"is_active": False, "categories": both}, {hidden.name}),
        ({"is_internal": True, "categories": both}, {top.name}),
        ({"is_internal": False, "categories": both}, {low.name, hidden.name}),
    ):
        rows, _ = await categories.all(**filters)
        assert {row.name for row in rows} == expected, filters


async def test_a_new_category_is_not_shown(categories):
    made = await categories.create(is_active=False)

    assert (made.is_active, made.is_internal) == (False, False)


@pytest.fixture
def found(storefront_page, store):
    """Returns how a shop shows a product by a category: by its filter, and in its documents."""

    async def read(tenant, category):
        documents, _ = await storefront_page(tenant)
        by_filter, answer = await storefront_page(tenant, category_ids=[id_of(category)])
        assert answer.total_size == len(by_filter)
        request = storefronts.ListStoreCategoriesRequest(
            parent=f"tenants/{tenant}", ids=[id_of(category)]
        )
        listed = await store(tenant).ListStoreCategories(request)
        named = [ref["id"] for document in documents for ref in document["categories"]]
        return len(documents), id_of(category) in named, len(by_filter), listed.total_size

    return read


def resource(category):
    """Returns a category as it is sent to change whether it is shown, without its etag."""
    return products.Category(
        name=category.name, is_active=category.is_active, is_internal=category.is_internal
    )


VISIBLE, INVISIBLE = (1, True, 1, 1), (1, False, 0, 0)


@pytest.mark.parametrize(("field", "hiding"), [("is_active", False), ("is_internal", True)])
@pytest.mark.parametrize("level", [0, 1, 2])
async def test_a_hidden_category_hides_itself_and_all_below(
    categories, create, opt_in, found, tenants, field, hiding, level
):
    top = await categories.create()
    middle = await categories.create(parent=top.name)
    low = await categories.create(parent=middle.name)
    product = await create(categories=[low.name])
    for tenant in tenants:
        await opt_in(tenant, product)
        assert await found(tenant, low) == VISIBLE

    changed = (top, middle, low)[level]
    setattr(changed, field, hiding)
    await categories.update(resource(changed), field)
    for tenant in tenants:
        assert await found(tenant, low) == INVISIBLE

    setattr(changed, field, not hiding)
    await categories.update(resource(changed), field)
    for tenant in tenants:
        assert await found(tenant, low) == VISIBLE


async def test_a_product_that_comes_to_a_hidden_category_is_not_found_by_it(
    categories, create, change, opt_in, found, tenants
):
    hidden = await categories.create(is_internal=True)
    low = await categories.create(parent=hidden.name)
    product = await create()
    for tenant in tenants:
        await opt_in(tenant, product)

    product.categories[:] = [low.name]
    assert (await change(product, "categories")).categories == [low.name]

    for tenant in tenants:
        assert await found(tenant, low) == INVISIBLE


async def test_a_category_that_moves_under_a_hidden_one_is_hidden(
    categories, create, opt_in, found, tenants
):
    hidden, seen = await categories.create(is_active=False), await categories.create()
    product = await create(categories=[seen.name])
    for tenant in tenants:
        await opt_in(tenant, product)

    seen.parent = hidden.name
    await categories.update(seen, "parent")

    for tenant in tenants:
        assert await found(tenant, seen) == INVISIBLE


@pytest.mark.parametrize("rank", [-1, -(2**31)])
async def test_a_rank_is_not_negative(categories, rank):
    with pytest.raises(InvalidArgument) as refusal:
        await categories.create(rank=rank)
    assert refusal.value.violations == {"rank": "must not be negative"}
