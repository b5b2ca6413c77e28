"""Categories and collections over HTTP."""

from typing import Any

import pytest

from tests.gateway.admin.answers import one, page, refused
from tests.gateway.admin.conftest import created

KINDS = {
    "collections": ("collection", "collections", "title"),
    "product-categories": ("product_category", "product_categories", "name"),
}


@pytest.fixture(params=KINDS)
def kind(request):
    singular, plural, title = KINDS[request.param]
    return f"/admin/{request.param}", singular, plural, title


async def test_a_created_object_is_read_listed_updated_and_deleted(admin, kind, unique):
    path, singular, plural, title = kind
    answer = await admin.post(path, json={title: "Été 2027", "handle": unique})
    made = one(answer, singular)
    assert (made[title], made["handle"]) == ("Été 2027", unique)
    assert answer.headers["etag"] == made["etag"]

    assert one(await admin.get(f"{path}/{made['id']}"), singular) == made
    assert page(await admin.get(f"{path}?handle={unique}"), plural) == [made]
    changed = one(await admin.patch(f"{path}/{made['id']}", json={title: "Hiver"}), singular)
    assert (changed[title], changed["handle"]) == ("Hiver", unique)
    again = one(await admin.post(f"{path}/{made['id']}", json={"handle": f"{unique}b"}), singular)
    assert again["handle"] == f"{unique}b"
    gone = await admin.delete(f"{path}/{made['id']}")
    assert gone.json() == {"id": made["id"], "object": singular, "deleted": True}
    refused(await admin.get(f"{path}/{made['id']}"), 404)


async def test_a_handle_is_made_from_the_title(admin, kind, unique):
    path, singular, _, title = kind

    made = one(await admin.post(path, json={title: f"Été {unique}"}), singular)

    assert made["handle"] == f"ete-{unique}"


async def test_a_handle_is_taken_once(admin, kind, unique):
    path, singular, _, title = kind
    one(await admin.post(path, json={title: "A", "handle": unique}), singular)

    refused(await admin.post(path, json={title: "B", "handle": unique}), 409, "HANDLE_TAKEN")


async def test_the_same_key_makes_one_and_another_body_is_refused(admin, kind, unique):
    path, singular, plural, title = kind
    key, body = {"Idempotency-Key": unique}, {title: "A", "handle": unique}
    first = one(await admin.post(path, json=body, headers=key), singular)

    again = one(await admin.post(path, json=body, headers=key), singular)
    other = await admin.post(path, json={**body, title: "B"}, headers=key)

    assert again == first
    refused(other, 400, "REQUEST_ID_REUSED")
    assert page(await admin.get(f"{path}?handle={unique}"), plural) == [first]


async def test_a_stale_etag_changes_nothing(admin, kind, unique):
    path, singular, _, title = kind
    made = one(await admin.post(path, json={title: "A", "handle": unique}), singular)
    path, stale = f"{path}/{made['id']}", {"If-Match": made["etag"]}
    fresh = one(await admin.patch(path, json={title: "B"}, headers=stale), singular)

    refused(await admin.patch(path, json={title: "C"}, headers=stale), 409, "ETAG_MISMATCH")
    refused(await admin.delete(path, headers=stale), 409, "ETAG_MISMATCH")

    assert one(await admin.get(path), singular) == fresh


async def test_products_are_put_in_and_taken_out_and_stay_when_it_is_deleted(
    admin, kind, make_product, unique
):
    path, singular, _, title = kind
    document = one(await admin.post(path, json={title: "A", "handle": unique}), singular)
    first, second = await make_product(), await make_product()
    path = f"{path}/{document['id']}"

    async def places(product):
        product = one(await admin.get(f"/admin/products/{product['id']}"), "product")
        return [product["collection_id"], *(ref["id"] for ref in product["categories"])]

    answer = await admin.post(f"{path}/products", json={"add": [first["id"], second["id"]]})
    assert one(answer, singular)["id"] == document["id"]
    assert len(answer.headers["x-audit-event"].split(",")) == 2
    one(await admin.post(f"{path}/products?fields=id", json={"remove": [first["id"]]}), singular)
    assert document["id"] not in await places(first)
    assert document["id"] in await places(second)
    unknown = await admin.post(f"{path}/products", json={"add": ["prod_none"]})
    error = refused(unknown, 400, "PRODUCT_NOT_FOUND")
    assert error["details"]["violations"] == {"add[0]": "does not exist"}

    assert (await admin.delete(path)).status_code == 200
    assert document["id"] not in await places(second)


async def test_a_renamed_collection_is_renamed_in_every_tenants_storefront(
    admin, http, make_product, unique
):
    collection = await created(admin, "/admin/collections", {"title": "Avant", "handle": unique})
    made = await make_product(collection_id=collection["id"])
    await admin.post("/admin/tenants/paris/products", json={"product_id": made["id"]})

    await admin.patch(f"/admin/collections/{collection['id']}", json={"title": "Après"})

    for host in ("paris.impactnutrition.com", "impactnutrition.com.tn"):
        answer = await http.get(f"/store/collections?handle={unique}", headers={"Host": host})
        assert [one["title"] for one in answer.json()["collections"]] == ["Après"]


async def test_a_category_cannot_come_to_lie_under_itself(admin, unique):
    path = "/admin/product-categories"
    top = await created(admin, path, {"name": "A", "handle": f"{unique}a"})
    child = {"name": "B", "handle": f"{unique}b", "parent_category_id": top["id"]}
    below = await created(admin, path, child)

    for parent in (top, below):
        body = {"parent_category_id": parent["id"]}
        refused(await admin.patch(f"{path}/{top['id']}", json=body), 400, "CATEGORY_CYCLE")

    error = refused(await admin.delete(f"{path}/{top['id']}"), 400, "CATEGORY_IN_USE")
    assert error["type"] == "not_allowed"
    up = await admin.patch(f"{path}/{below['id']}", json={"parent_category_id": None})
    assert one(up, "product_category")["parent_category_id"] is None


@pytest.mark.parametrize(
    "flaw",
    [
        {"handle": "Not A Handle"},
        {"title": ""},
        {"title": None},
        {"title": "x" * 201},
        {"title": "nul\x00"},
        {"title": ["A"]},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_an_invalid_body_is_refused_and_creates_nothing(admin, kind, unique, flaw):
    path, _, plural, title = kind
    body = {"title": "A", "handle": unique, **flaw}
    body[title] = body.pop("title")

    refused(await admin.post(path, json=body), 400)

    assert page(await admin.get(f"{path}?handle={unique}"), plural) == []


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ({"rank": -1}, "REQUEST_INVALID"),
        ({"rank": 2**31}, "REQUEST_INVALID"),
        ({"rank": "1"}, "REQUEST_INVALID"),
        ({"parent_category_id": "pcat_nothing"}, "CATEGORY_NOT_FOUND"),
        ({"description": "x" * 20_001}, "FIELD_INVALID"),
    ],
    ids=lambda flaw: str(flaw)[:40],
)
async def test_a_flawed_category_is_refused(admin, unique, flaw, code):
    body = {"name": "A", "handle": unique, **flaw}

    answer = await admin.post("/admin/product-categories", json=body)

    refused(answer, 400, code)
    found = await admin.get(f"/admin/product-categories?handle={unique}")
    assert page(found, "product_categories") == []


async def test_an_unknown_id_is_not_found(admin, kind):
    path, _, _, title = kind

    refused(await admin.get(f"{path}/nothing"), 404)
    refused(await admin.patch(f"{path}/nothing", json={title: "B"}), 404)
    refused(await admin.delete(f"{path}/nothing"), 404)


@pytest.mark.parametrize("query", ["order=price", "surprise=1", "limit=0", "offset=-1"])
async def test_a_flawed_query_is_refused(admin, kind, query):
    refused(await admin.get(f"{kind[0]}?{query}"), 400)


CATEGORIES = "/admin/product-categories"


@pytest.fixture
def tree(admin, unique):
    """Creates categories below one another, and returns them from the top."""

    async def create(*names):
        parents: list[dict[str, Any]] = []
        for name in names:
            parent_id = parents[-1]["id"] if parents else None
            body = {"name": f"{name} {unique}", "parent_category_id": parent_id, "is_active": True}
            parents.append(await created(admin, CATEGORIES, body))
        return parents

    return create


async def test_an_object_has_metadata_and_is_never_shown_as_deleted(admin, kind, unique):
    path, singular, _, title = kind
    body = {title: "A", "handle": unique, "metadata": {"season": "été", "places": [1, 2.5]}}
    document = one(await admin.post(path, json=body), singular)
    assert (document["metadata"], document["deleted_at"]) == (body["metadata"], None)

    for sent, expected in (
        (
            {"metadata": {"season": "", "new": {"deep": True}}},
            {"places": [1, 2.5], "new": {"deep": True}},
        ),
        ({title: "B"}, {"places": [1, 2.5], "new": {"deep": True}}),
        ({"metadata": None}, None),
    ):
        answer = await admin.post(f"{path}/{document['id']}", json=sent)
        assert one(answer, singular)["metadata"] == expected


async def test_an_object_is_found_by_each_filter(admin, kind, unique):
    path, _, plural, title = kind
    first = await created(admin, path, {title: f"Été {unique}", "handle": unique})
    second = await created(admin, path, {title: f"Hiver {unique}"})
    moment = first["created_at"]

    for query, ids in (
        (f"q={unique}", [first, second]),
        (f"q=ete {unique}", [first]),
        (f"{title}=Été {unique}", [first]),
        (f"id={first['id']}", [first]),
        (f"id[]={first['id']}&id[]={second['id']}", [first, second]),
        (f"handle={unique}", [first]),
        (f"q={unique}&created_at[$lte]={moment}", [first]),
        (f"q={unique}&created_at[$gt]={moment}", [second]),
        (f"q={unique}&updated_at[$lt]={moment}", []),
        (f"q={unique}&order=-{title}", [second, first]),
        (f"q={unique}&order=-id", [second, first]),
    ):
        listed = page(await admin.get(f"{path}?{query}"), plural)
        expected = ids if "order" in query else sorted(ids, key=lambda row: row["id"])
        found = listed if "order" in query else sorted(listed, key=lambda row: row["id"])
        assert [row["id"] for row in found] == [row["id"] for row in expected], query


async def test_errors_name_the_field_as_the_body_does(admin):
    answer = await admin.post(CATEGORIES, json={"name": " "})

    error = refused(answer, 400, "FIELD_INVALID")
    assert error["details"]["violations"] == {"name": "must not be empty"}
    assert error["message"] == "name must not be empty."


async def test_a_category_comes_with_those_around_it(admin, tree):
    top, middle, low, lowest = await tree("A", "B", "C", "D")

    document = one(await admin.get(f"{CATEGORIES}/{middle['id']}"), "product_category")

    assert document["parent_category"]["id"] == top["id"]
    assert document["parent_category"]["parent_category"] is None
    [child] = document["category_children"]
    assert (child["id"], "category_children" in child) == (low["id"], False)
    query = "include_descendants_tree=true&include_ancestors_tree=true"
    whole = one(await admin.get(f"{CATEGORIES}/{middle['id']}?{query}"), "product_category")
    [child] = whole["category_children"]
    assert [(row["id"], row["category_children"]) for row in child["category_children"]] == [
        (lowest["id"], [])
    ]
    [listed] = page(
        await admin.get(f"{CATEGORIES}?id={middle['id']}&{query}"), "product_categories"
    )
    assert listed == whole
    assert (lowest["parent_category"]["id"], lowest["category_children"]) == (low["id"], [])


async def test_fields_choose_the_categories_around_one(admin, tree):
    _, middle, _ = await tree("A", "B", "C")
    path = f"{CATEGORIES}/{middle['id']}"

    for fields, keys in (
        ("id,*parent_category", {"id", "parent_category"}),
        ("id,*category_children", {"id", "category_children"}),
        ("name", {"id", "name"}),
    ):
        document = one(await admin.get(f"{path}?fields={fields}"), "product_category")
        assert document.keys() == keys


async def test_categories_are_found_by_parent_and_by_who_sees_them(admin, tree, unique):
    top, low = await tree("A", "B")
    await admin.post(f"{CATEGORIES}/{low['id']}", json={"is_active": False, "is_internal": True})

    for query, names in (
        (f"parent_category_id={top['id']}", ["B"]),
        (f"parent_category_id=null&q={unique}", ["A"]),
        (f"is_active=true&q={unique}", ["A"]),
        (f"is_active=false&q={unique}", ["B"]),
        (f"is_internal=true&q={unique}", ["B"]),
        (f"is_internal=false&q={unique}", ["A"]),
    ):
        listed = page(await admin.get(f"{CATEGORIES}?{query}"), "product_categories")
        assert [row["name"] for row in listed] == [f"{name} {unique}" for name in names], query


async def test_a_new_category_is_inactive_and_last(admin, tree):
    [top] = await tree("A")
    body = {"name": "B", "handle": "", "parent_category_id": top["id"]}

    first, second = [await created(admin, CATEGORIES, body | {"name": n}) for n in ("B1", "B2")]

    assert (first["is_active"], first["is_internal"]) == (False, False)
    assert (first["rank"], second["rank"]) == (0, 1)
    moved = await admin.post(f"{CATEGORIES}/{second['id']}", json={"rank": 0})
    assert one(moved, "product_category")["rank"] == 0
    assert one(await admin.get(f"{CATEGORIES}/{first['id']}"), "product_category")["rank"] == 1


async def test_products_come_with_what_they_are_in_when_they_are_asked_for(
    admin, kind, make_product
):
    path, singular, plural, title = kind
    made = one(await admin.post(path, json={title: "A"}), singular)
    product = await make_product()
    place = f"{path}/{made['id']}"
    one(await admin.post(f"{place}/products", json={"add": [product["id"]]}), singular)
    fields = {"fields": "id,products.id,products.title"}
    expected = {
        "id": made["id"],
        "products": [{"id": product["id"], "title": product["title"]}],
    }

    assert "products" not in made
    assert page(await admin.get(path, params={**fields, "id": made["id"]}), plural) == [expected]
    assert one(await admin.get(place, params=fields), singular) == expected
    assert one(await admin.post(place, json={}, params=fields), singular) == expected
    [whole] = one(await admin.get(place, params={"fields": "+*products"}), singular)["products"]
    assert whole.keys() == {
        *("id", "title", "handle", "status", "thumbnail"),
        *("collection_id", "type_id", "created_at", "updated_at"),
    }
    assert whole["created_at"] == product["created_at"]
