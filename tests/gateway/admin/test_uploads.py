"""Uploads over HTTP: what is taken, what is refused, and what a shop's host then serves."""

import asyncio
import uuid

import pytest

from gateway.edge import guard
from tests.gateway.admin.answers import refused
from tests.gateway.raw_http import exchange
from tests.pictures import KINDS, jpeg, png
from tests.platform import another_gateway


def form(*contents, field="files"):
    """A form of files, all called photo.jpg, whatever they are."""
    return {"files": [(field, ("photo.jpg", content, "image/jpeg")) for content in contents]}


def at(tenant):
    return {"X-Tenant-ID": tenant}


async def uploaded(client, *contents, **headers):
    answer = await client.post("/admin/uploads", **form(*contents), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["files"]


@pytest.fixture
async def shops(admin, tenants):
    """Two open shops of the test's own."""
    made = await tenants()
    for shop in made:
        (await admin.post(f"/admin/tenants/{shop}/activate")).raise_for_status()
    return made


@pytest.fixture
async def keepers(shops, enter):
    """Clients of those who keep the catalogues of two shops, by shop."""
    return {shop: (await enter(("CatalogMgr", shop)))[1] for shop in shops}


async def test_uploads_are_stored_read_and_deleted(admin, http):
    first, second = await uploaded(admin, png(note=b"1"), jpeg())

    assert first["url"] == f"/uploads/{first['id']}"
    found = await admin.get(f"/admin/uploads/{first['id']}")
    assert found.json() == {"file": first}
    served = await http.get(first["url"])
    assert (served.content, served.headers["content-type"]) == (png(note=b"1"), "image/png")

    gone = await admin.delete(f"/admin/uploads/{first['id']}")

    assert gone.json() == {"id": first["id"], "object": "file", "deleted": True}
    assert gone.headers["x-audit-event"]
    again = await admin.get(f"/admin/uploads/{first['id']}")
    assert (again.status_code, again.json()["message"]) == (
        404,
        f"File with key {first['id']} not found",
    )
    assert (await http.get(first["url"])).status_code == 404
    assert (await http.get(second["url"])).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_is_served_as_what_its_bytes_are(admin, http, kind):
    [file] = await uploaded(admin, KINDS[kind]())

    served = await http.get(file["url"])

    assert served.content == KINDS[kind]()
    assert served.headers["content-type"] == f"image/{kind}"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_picture_that_a_client_has_is_not_sent_again(admin, http):
    [file] = await uploaded(admin, png())
    etag = (await http.get(file["url"])).headers["etag"]

    known = await http.get(file["url"], headers={"If-None-Match": f'"other", W/{etag}'})
    other = await http.get(file["url"], headers={"If-None-Match": '"other"'})
    head = await http.head(file["url"])

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert (other.status_code, other.content) == (200, png())
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(png()))


async def test_a_shop_serves_its_own_pictures_and_the_head_offices_and_no_others(
    admin, http, keepers
):
    paris, lyon = keepers
    own = {shop: await uploaded(keepers[shop], png(note=shop.encode()), **at(shop))
           for shop in keepers}  # fmt: skip
    [shared] = await uploaded(admin, png(note=b"hq"))

    async def status(shop, file):
        return (await http.get(file["url"], headers=at(shop))).status_code

    for shop, other in ((paris, lyon), (lyon, paris)):
        assert await status(shop, own[shop][0]) == 200
        assert await status(shop, own[other][0]) == 404
        assert await status(shop, shared) == 200
        assert await status("hq", own[shop][0]) == 404


async def test_nobody_reads_or_deletes_another_tenants_upload(http, keepers):
    paris, lyon = keepers
    [file] = await uploaded(keepers[lyon], png(), **at(lyon))
    path = f"/admin/uploads/{file['id']}"

    assert (await keepers[paris].get(path, headers=at(paris))).status_code == 404
    assert (await keepers[paris].get(path, headers=at(lyon))).status_code == 404
    assert (await keepers[paris].delete(path, headers=at(paris))).status_code == 404
    assert (await keepers[paris].delete(path, headers=at(lyon))).status_code == 404

    assert (await http.get(file["url"], headers=at(lyon))).content == png()
    assert (await keepers[lyon].get(path, headers=at(lyon))).status_code == 200


async def test_an_upload_without_the_permission_stores_nothing(platform, enter, shops):
    _, clerk = await enter(("OrderOps", shops[0]))
    folder = platform.state.folder / "uploads" / shops[0]

    answer = await clerk.post("/admin/uploads", **form(png()), headers=at(shops[0]))

    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_MISSING")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (form(b"first content"), "FIELD_INVALID", "files[0] is not a JPEG, PNG, WebP, GIF or AVIF"),
        (form(png(), b"<svg/>"), "FIELD_INVALID", "files[1] is an SVG, which can hold scripts"),
        (form(png(8000, 8000)), "FIELD_INVALID", "files[0] must have at most 50,000,000 pixels"),
        (form(png(2**31, 1)), "FIELD_INVALID", "files[0] must have at most 65,535 pixels a side"),
        (form(b""), "FIELD_INVALID", "files[0] is not a JPEG"),
        (form(*[png()] * 11), "FIELD_INVALID", "files must have at most 10 entries"),
        (form(png(), field="file"), "FIELD_INVALID", "must have files in `files`"),
        (form(png()) | {"data": {"a": "b"}}, "FIELD_INVALID", "must have files in `files`"),
    ],
)
async def test_an_error_says_plainly_which_file_is_wrong_and_why(admin, body, code, text):
    answer = await admin.post("/admin/uploads", **body)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert text in answer.json()["message"]


PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PART % png(), "is cut off"),
        (PART[:30], "is cut off"),
        (PART % png() + PART[:60], "is cut off"),
        (b"hello--x--", "is not valid multipart/form-data"),
        (b"", "is cut off"),
        (b"--x--\r\n", "No files were uploaded"),
    ],
)
async def test_a_form_that_is_cut_off_is_no_shorter_form(admin, body, text):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    answer = await admin.post("/admin/uploads", content=body, headers=kind)

    assert (answer.status_code, answer.json()["type"]) == (400, "invalid_data")
    assert text in answer.json()["message"]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "image/png", ""])
async def test_a_body_that_is_no_form_is_415(admin, kind):
    answer = await admin.post("/admin/uploads", content=b"{}", headers={"Content-Type": kind})

    assert answer.status_code == 415
    assert "multipart/form-data" in answer.json()["message"]


async def test_an_upload_may_be_as_large_as_the_setting_says_and_no_larger(platform, admin):
    photo = png(note=b"x" * (3 * 1024 * 1024))
    assert len(await uploaded(admin, photo, photo)) == 2

    too_large = await admin.post("/admin/uploads", **form(*[photo] * 3))

    assert (too_large.status_code, too_large.json()["message"]) == (
        413,
        "The request body must not exceed 8 MiB.",
    )
    async with another_gateway(platform, SOUK_UPLOAD_BYTES="2097152") as url:
        answer = await admin.post(f"{url}/admin/uploads", **form(photo))
        assert "2 MiB" in answer.json()["message"]


async def test_no_other_route_takes_as_much(admin):
    answer = await admin.post("/admin/products", content=b" " * (1024 * 1024 + 1))

    assert answer.status_code == 413
    assert answer.json()["message"] == "The request body must not exceed 1 MiB."


@pytest.mark.parametrize("length", ["Content-Length: 7000000", "Transfer-Encoding: chunked"])
async def test_a_stranger_uploads_nothing_and_is_not_waited_for(platform, length):
    head = f"POST /admin/uploads HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n"

    async with asyncio.timeout(guard.UPLOAD_SECONDS / 2):
        assert (await exchange(platform.url, head.encode())).status == 401


async def test_a_repeated_upload_gets_the_same_files(admin, http):
    once = {"Idempotency-Key": uuid.uuid4().hex}

    first = await uploaded(admin, png(), **once)

    assert await uploaded(admin, png(), **once) == first
    reused = await admin.post("/admin/uploads", **form(jpeg()), headers=once)
    assert (reused.status_code, reused.json()["code"]) == (400, "REQUEST_ID_REUSED")


async def test_a_repeated_deletion_deletes_bytes_that_were_left_behind(platform, admin, http):
    """A deletion may be cut off between the record and the bytes."""
    [file] = await uploaded(admin, png())
    stored = platform.state.folder / "uploads" / "hq" / file["id"]
    content = stored.read_bytes()
    await admin.delete(f"/admin/uploads/{file['id']}")
    stored.write_bytes(content)

    answer = await admin.delete(f"/admin/uploads/{file['id']}")

    assert answer.status_code == 404
    assert not stored.exists()
    assert (await http.get(file["url"])).status_code == 404


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("", 404, "ROUTE_UNKNOWN"),
        ("hq", 404, "FILE_NOT_FOUND"),
        ("file_x", 404, "FILE_NOT_FOUND"),
        ("paris/file_x", 404, "ROUTE_UNKNOWN"),
        ("%2e%2e", 400, "PATH_INVALID"),
        ("..%2fhq", 400, "PATH_INVALID"),
        ("%00", 400, "PATH_INVALID"),
    ],
)
async def test_there_is_no_list_of_pictures_and_no_way_out_of_their_place(http, name, status, code):
    answer = await http.get(f"/uploads/{name}")

    refused(answer, status, code)
    assert answer.headers["content-type"] == "application/json"


async def test_a_closed_shop_serves_no_pictures(admin, http, make_tenant):
    tenant = (await make_tenant())["id"]
    [shared] = await uploaded(admin, png())

    assert (await http.get(shared["url"], headers=at(tenant))).status_code == 404
    (await admin.post(f"/admin/tenants/{tenant}/activate")).raise_for_status()
    async with asyncio.timeout(10):
        while (await http.get(shared["url"], headers=at(tenant))).status_code != 200:
            await asyncio.sleep(0.05)


async def test_an_unreachable_store_is_an_outage_with_a_way_to_try_again(platform, admin, tmp_path):
    folder = tmp_path / "pictures"
    async with another_gateway(platform, SOUK_UPLOADS=folder.as_uri()) as url:
        folder.rmdir()
        folder.write_text("a file")
        answer = await admin.post(f"{url}/admin/uploads", **form(png()))

    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"]
