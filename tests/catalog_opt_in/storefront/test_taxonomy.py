"""StorefrontService: what the products of a tenant are found by."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from souk.catalog_opt_in.v1 import listing_service_pb2 as listings

from services.catalog_opt_in.storefront.rules import ShownCategory, Tree
from services.catalog_opt_in.taxonomy.categories.relatives import (
    MOST_DESCENDANTS,
    refuse_large_tree,
)
from services.kernel.call.errors import FailedPrecondition
from tests.catalog_opt_in.builders import id_of, unique


async def test_a_collection_is_shown_where_something_in_it_is(
    create, opt_in, collection, shelves, tenants
):
    paris, lyon = tenants
    ours, theirs, nobodys = [await collection() for _ in range(3)]
    await opt_in(paris, await create(collection=ours.name))
    await opt_in(lyon, await create(collection=theirs.name))
    await create(collection=nobodys.name)

    for tenant, held in ((paris, ours), (lyon, theirs)):
        documents, answer = await shelves(tenant, "Collections")
        assert [document["id"] for document in documents] == [id_of(held)]
        assert (documents[0]["title"], documents[0]["handle"]) == (held.title, held.handle)
        assert answer.total_size == 1


async def test_collections_and_categories_mention_what_is_shown_of_their_products(
    create, opt_in, collection, category, shelves, tenants
):
    paris, lyon = tenants
    summer, top = await collection(), await category()
    under = await category(parent=top.name)
    shared, ours, hidden = [
        await create(collection=summer.name, categories=[under.name]) for _ in range(3)
    ]
    for tenant in tenants:
        await opt_in(tenant, shared)
        await opt_in(tenant, hidden, state=listings.Listing.STATE_HIDDEN)
    await opt_in(paris, ours)

    for tenant, mentioned in ((paris, [shared, ours]), (lyon, [shared])):
        for kind, places in (("Collections", [summer]), ("Categories", [top, under])):
            documents, _ = await shelves(tenant, kind, with_products=True)
            assert [document["id"] for document in documents] == [id_of(p) for p in places]
            for document in documents:
                found = [(p["id"], p["handle"]) for p in document["products"]]
                assert found == [(id_of(p), p.handle) for p in mentioned]
            documents, _ = await shelves(tenant, kind)
            assert all("products" not in document for document in documents)


async def test_a_tag_and_a_type_are_shown_where_a_product_has_them(
    create, opt_in, shelves, tenants
):
    paris, lyon = tenants
    ours, theirs, hidden = unique("Végan"), unique("Sweet"), unique("hidden")
    await opt_in(paris, await create(tags=[ours], type=ours))
    await opt_in(lyon, await create(tags=[theirs], type=theirs))
    concealed = await create(tags=[hidden], type=hidden)
    for tenant in tenants:
        await opt_in(tenant, concealed, state=listings.Listing.STATE_HIDDEN)

    for kind in ("Tags", "Types"):
        documents_of = {}
        for tenant, value in ((paris, ours), (lyon, theirs)):
            documents, answer = await shelves(tenant, kind)
            assert ([d["value"] for d in documents], answer.total_size) == ([value], 1)
            documents_of[tenant] = documents[0]
        for filters in (
            {"ids": [documents_of[paris]["id"]]},
            {"values": [ours]},
            {"query": "VEGAN"},
        ):
            assert (await shelves(paris, kind, **filters))[0] == [documents_of[paris]]
            assert (await shelves(lyon, kind, **filters))[1].total_size == 0


async def test_collections_are_sorted_filtered_and_cut(
    create, opt_in, collection, shelves, tenants
):
    made = [await collection(f"{letter} collection") for letter in "ABC"]
    for tenant in tenants:
        for one in made:
            await opt_in(tenant, await create(collection=one.name))

    for tenant in tenants:
        documents, answer = await shelves(
            tenant, "Collections", order_by="-title", skip=1, page_size=1
        )
        assert [document["id"] for document in documents] == [id_of(made[1])]
        assert answer.total_size == 3
        documents, answer = await shelves(tenant, "Collections", handles=[made[2].handle])
        assert [document["id"] for document in documents] == [id_of(made[2])]
        assert answer.total_size == 1


async def test_a_category_is_shown_with_those_above_and_below_that_are(
    create, opt_in, category, shelves, tenants
):
    paris, lyon = tenants
    top = await category()
    middle = await category(parent=top.name)
    sold, unsold = [await category(parent=middle.name, rank=n) for n in (1, 0)]
    await opt_in(paris, await create(categories=[sold.name]))
    await opt_in(lyon, await create(categories=[top.name]))

    documents, answer = await shelves(paris, "Categories")
    by_id = {document["id"]: document for document in documents}
    assert [document["id"] for document in documents] == [id_of(c) for c in (top, middle, sold)]
    assert answer.total_size == 3
    assert id_of(unsold) not in by_id
    assert [c["id"] for c in by_id[id_of(middle)]["category_children"]] == [id_of(sold)]
    parent = by_id[id_of(sold)]["parent_category"]
    assert (parent["id"], parent["name"], parent["handle"]) == (
        id_of(middle),
        middle.title,
        middle.handle,
    )
    assert parent["parent_category"]["id"] == id_of(top)
    assert parent["parent_category"]["parent_category"] is None
    documents, answer = await shelves(lyon, "Categories")
    assert [(d["id"], d["category_children"]) for d in documents] == [(id_of(top), [])]


async def test_categories_are_found_by_what_they_lie_under(
    create, opt_in, category, shelves, tenants
):
    top = await category()
    under = await category(parent=top.name)
    for tenant in tenants:
        await opt_in(tenant, await create(categories=[under.name]))

    async def ids(tenant, parent, *more):
        documents, _ = await shelves(
            tenant, "Categories", parent_category_id=parent, more_parent_category_ids=more
        )
        return [document["id"] for document in documents]

    for tenant in tenants:
        assert await ids(tenant, "null") == [id_of(top)]
        assert await ids(tenant, id_of(top)) == [id_of(under)]
        assert await ids(tenant, "pcat_none") == []
        assert await ids(tenant, "null", id_of(top)) == [id_of(top), id_of(under)]
        assert await ids(tenant, "", id_of(top)) == [id_of(under)]


async def test_a_hidden_listing_hides_its_categories_and_collection(
    create, opt_in, category, collection, shelves, selling, tenants
):
    product = await create(
        categories=[(await category()).name], collection=(await collection()).name
    )
    paris, lyon = tenants
    await opt_in(paris, product, state=listings.Listing.STATE_HIDDEN)
    await opt_in(lyon, product)

    for kind in ("Categories", "Collections"):
        assert (await shelves(paris, kind))[1].total_size == 0
        assert (await shelves(lyon, kind))[1].total_size == 1


async def test_the_metadata_of_collections_and_categories_are_shown(
    create, opt_in, collection, category, shelves, tenants
):
    metadata = {"season": "été", "weights": [1, 2.5], "deep": {"none": None}}
    summer, top = await collection(metadata=metadata), await category(metadata=metadata)
    under = await category(parent=top.name)
    product = await create(collection=summer.name, categories=[under.name])

    for tenant in tenants:
        await opt_in(tenant, product)
        [document], _ = await shelves(tenant, "Collections")
        assert document["metadata"] == metadata
        (first, second), _ = await shelves(tenant, "Categories")
        assert (first["metadata"], second["metadata"]) == (metadata, None)
        assert second["parent_category"]["metadata"] == metadata


async def test_a_category_is_shown_with_all_that_are_below_it(
    create, opt_in, category, shelves, tenants
):
    paris, lyon = tenants
    top = await category()
    middle = await category(parent=top.name)
    first, second = [await category(parent=middle.name) for _ in range(2)]
    for tenant, sold in ((paris, [second, first]), (lyon, [first])):
        for place in sold:
            await opt_in(tenant, await create(categories=[place.name]))

    def below(document):
        return {child["id"]: below(child) for child in document["category_children"]}

    for tenant, leaves in ((paris, [first, second]), (lyon, [first])):
        documents, _ = await shelves(tenant, "Categories", with_descendants=True)
        tree: dict[str, Any] = {id_of(middle): {id_of(leaf): {} for leaf in leaves}}
        assert below(documents[0]) == tree
        assert list(below(documents[0])[id_of(middle)]) == [id_of(leaf) for leaf in leaves]
        assert documents[1]["parent_category"]["id"] == id_of(top)
        documents, _ = await shelves(
            tenant, "Categories", ids=[id_of(middle)], with_descendants=True, with_products=True
        )
        assert [below(document) for document in documents] == [tree[id_of(middle)]]
        assert len(documents[0]["products"]) == len(leaves)


def test_a_tree_counts_all_that_a_page_shows_below_its_categories():
    parents = {"a": None, "b": "a", "c": "b", "d": "b", "e": None}
    now = datetime.now(UTC)
    items = {
        id_: ShownCategory(
            id_, id_, id_, frozenset([id_]), id_, id_, "", parent, 0, 0, now, now, None
        )
        for id_, parent in parents.items()
    }
    tree = Tree(items.values())
    assert [tree.count_below([items[id_]]) for id_ in items] == [3, 2, 0, 0, 0]
    assert tree.count_below(items.values()) == 5

    refuse_large_tree(MOST_DESCENDANTS)
    with pytest.raises(FailedPrecondition):
        refuse_large_tree(MOST_DESCENDANTS + 1)


@pytest.mark.parametrize("kind", ["Collections", "Categories"])
async def test_collections_and_categories_are_found_by_their_words_titles_and_times(
    create, opt_in, collection, category, shelves, tenants, kind
):
    paris, lyon = tenants
    make = collection if kind == "Collections" else category
    sold_in_paris = await make("Été Protéines")
    sold_in_lyon = await make("Winter")
    for tenant, place in ((paris, sold_in_paris), (lyon, sold_in_lyon)):
        chosen = {"collection": place.name} if make is collection else {"categories": [place.name]}
        await opt_in(tenant, await create(**chosen))

    created = sold_in_paris.create_time
    for filters, is_found in (
        ({"query": "proteines ETE"}, True),
        ({"query": sold_in_paris.handle[-8:]}, True),
        ({"query": "ete winter"}, False),
        ({"titles": ["another", sold_in_paris.title]}, True),
        ({"titles": [sold_in_paris.title[:-1]]}, False),
        ({"created_at": {"gte": created, "lte": created}}, True),
        ({"created_at": {"eq": created}}, True),
        ({"created_at": {"gt": created}}, False),
        ({"created_at": {"lt": created}}, False),
        (
            {"updated_at": {"gte": sold_in_paris.update_time, "lte": sold_in_paris.update_time}},
            True,
        ),
        ({"updated_at": {"gt": sold_in_paris.update_time}}, False),
        ({"updated_at": {"lt": sold_in_paris.update_time}}, False),
    ):
        documents, answer = await shelves(paris, kind, **filters)
        found = [id_of(sold_in_paris)] if is_found else []
        assert ([d["id"] for d in documents], answer.total_size) == (found, len(found)), filters
        if "updated_at" not in filters and "created_at" not in filters:
            assert (await shelves(lyon, kind, **filters))[1].total_size == 0


@pytest.mark.parametrize(
    ("kind", "orders"),
    [
        ("Collections", ["id", "created_at", "updated_at", "title", "handle"]),
        ("Categories", ["rank", "id", "created_at", "updated_at", "title", "handle"]),
    ],
)
async def test_collections_and_categories_are_sorted_by_any_of_their_fields(
    create, opt_in, collection, category, shelves, tenants, kind, orders
):
    make = collection if kind == "Collections" else category
    for letter in "BAC":
        place = await make(letter)
        chosen = {"collection": place.name} if make is collection else {"categories": [place.name]}
        for tenant in tenants:
            await opt_in(tenant, await create(**chosen))

    for tenant in tenants:
        for order in orders:
            field = "name" if (order, kind) == ("title", "Categories") else order
            documents, _ = await shelves(tenant, kind, order_by=order)
            values = [document[field] for document in documents]
            assert values == sorted(values)
            reverse, _ = await shelves(tenant, kind, order_by=f"-{order}")
            assert reverse == documents[::-1]


async def test_tags_and_types_say_when_they_were_made(create, opt_in, shelves, tenants):
    value = unique("vegan")
    product = await create(tags=[value], type=value)
    for tenant in tenants:
        await opt_in(tenant, product)
        for kind in ("Tags", "Types"):
            [document], _ = await shelves(tenant, kind, values=[value])
            assert (document["metadata"], document["updated_at"]) == (None, document["created_at"])
            made = datetime.fromisoformat(document["created_at"])
            assert abs(made - product.create_time.ToDatetime(tzinfo=UTC)) < timedelta(minutes=1)


async def test_tags_and_types_are_found_by_all_words_of_a_query(create, opt_in, shelves, tenants):
    value = unique("sans gluten, Bio")
    product = await create(tags=[value], type=value)
    for tenant in tenants:
        await opt_in(tenant, product)
        for kind in ("Tags", "Types"):
            for query, count in (("BIO gluten", 1), ("bio lactose", 0), ("'", 0), (" ", 1)):
                assert (await shelves(tenant, kind, query=query))[1].total_size == count, query
