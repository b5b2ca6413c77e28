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


async def test_what_is_made_can_be_read_listed_changed_and_removed(admin, kind, unique):
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


async def test_what_holds_a_product_stays(admin, kind, make_product, unique):
    path, singular, _, title = kind
    made = one(await admin.post(path, json={title: "A", "handle": unique}), singular)
    place = {"collection_id": made["id"]}
    if singular == "product_category":
        place = {"categories": [{"id": made["id"]}]}

    product = await make_product(**place)

    assert place.items() <= product.items()
    refused(await admin.delete(f"{path}/{made['id']}"), 409)
    assert one(await admin.get(f"{path}/{made['id']}"), singular) == made


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

    refused(await admin.delete(f"{path}/{top['id']}"), 409, "CATEGORY_IN_USE")
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
async def test_what_is_flawed_is_refused_and_not_made(admin, kind, unique, flaw):
    path, _, plural, title = kind
    body = {"title": "A", "handle": unique, **flaw}
    body[title] = body.pop("title")

    refused(await admin.post(path, json=body), 400)

    assert page(await admin.get(f"{path}?handle={unique}"), plural) == []


@pytest.mark.parametrize(
    "flaw",
    [
        {"rank": -1},
        {"rank": 2**31},
        {"rank": "1"},
        {"parent_category_id": "pcat_nothing"},
        {"description": "x" * 20_001},
    ],
    ids=lambda flaw: str(flaw)[:40],
)
async def test_a_flawed_category_is_refused(admin, unique, flaw):
    body = {"name": "A", "handle": unique, **flaw}

    answer = await admin.post("/admin/product-categories", json=body)

    assert answer.status_code in (400, 404)
    refused(answer, answer.status_code)
    found = await admin.get(f"/admin/product-categories?handle={unique}")
    assert page(found, "product_categories") == []


async def test_what_is_not_there_is_not_found(admin, kind):
    path, _, _, title = kind

    refused(await admin.get(f"{path}/nothing"), 404)
    refused(await admin.patch(f"{path}/nothing", json={title: "B"}), 404)
    refused(await admin.delete(f"{path}/nothing"), 404)


@pytest.mark.parametrize("query", ["order=price", "surprise=1", "limit=0", "offset=-1"])
async def test_a_flawed_query_is_refused(admin, kind, query):
    refused(await admin.get(f"{kind[0]}?{query}"), 400)
