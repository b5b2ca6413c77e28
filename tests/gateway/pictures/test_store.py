"""The store of pictures: a folder or a bucket, in which each tenant has a place of its own."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from gateway.pictures.store import PictureStore, opened
from services.kernel.call.errors import Unavailable

MINE, THEIRS = (f"file_01K9Z8W6X2Q4R5T7V9B1C3D5F{n}" for n in (7, 8))


class Bucket(socketserver.ThreadingTCPServer):
    """The part of S3 that is used here."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Request)
        self.objects: dict[str, bytes] = {}
        self.signed: set[bool] = set()
        self.methods: list[str] = []
        self.is_broken = False
        self.breaks_off = False
        # Whether the keys may list the bucket; S3 tells others nothing of what is not there.
        self.may_list = True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: Bucket

    def log_message(self, *_):
        pass

    def _answer(self, status, body=b""):
        self.server.signed.add("AWS4-HMAC-SHA256" in self.headers.get("authorization", ""))
        self.server.methods.append(self.command)
        self.send_response(500 if self.server.is_broken else status)
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Tue, 01 Dec 2026 00:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: len(body) // 2] if self.server.breaks_off else body)
        if self.server.breaks_off:
            self.server.is_broken = self.close_connection = True

    def do_PUT(self):
        self.server.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200)

    def do_GET(self):
        found = self.server.objects.get(self.path)
        missing = 404 if self.server.may_list else 403
        self._answer(missing) if found is None else self._answer(200, found)

    do_HEAD = do_GET  # noqa: N815 - the base class calls it so

    def do_DELETE(self):
        self.server.objects.pop(self.path, None)
        self._answer(204)


@pytest.fixture
def bucket():
    with Bucket() as server:
        yield server
        server.shutdown()


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path, bucket):
    if request.param == "folder":
        return PictureStore(opened((tmp_path / "new").as_uri(), tmp_path), head_office="hq")
    return PictureStore(in_bucket(bucket, tmp_path), head_office="hq")


def in_bucket(bucket, secrets: Path):
    config = {
        "endpoint": bucket.url,
        "region": "eu-west-3",
        "access_key_id": "k",
        "secret_access_key": "s",
    }
    (secrets / "uploads.json").write_text(json.dumps(config))
    return opened("s3://pictures/souk", secrets)


async def content(store, shop, file_id):
    picture = await store.find(shop, file_id)
    if picture is None:
        return None
    chunks = [chunk async for chunk in picture.chunks()]
    assert sum(map(len, chunks)) == picture.size
    return b"".join(chunks)


async def test_a_picture_is_found_by_its_tenant_alone_until_it_is_deleted(store):
    await store.put("paris", MINE, b"mine")
    await store.put("lyon", THEIRS, b"theirs")

    assert await content(store, "paris", MINE) == b"mine"
    assert await content(store, "paris", THEIRS) is None
    await store.delete("paris", THEIRS)
    assert await content(store, "lyon", THEIRS) == b"theirs"
    await store.delete("paris", MINE)
    await store.delete("paris", MINE)
    assert await content(store, "paris", MINE) is None


async def test_the_head_offices_pictures_are_every_tenants(store):
    await store.put("hq", MINE, b"a product")

    assert [await content(store, shop, MINE) for shop in ("paris", "lyon", "hq")] == [
        b"a product"
    ] * 3


async def test_a_picture_is_read_in_small_chunks(store):
    photo = bytes(range(256)) * 4 * 4096
    await store.put("paris", MINE, photo)

    picture = await store.find("paris", MINE)

    assert picture is not None
    assert len(picture.first) < len(photo) // 4
    chunks = [chunk async for chunk in picture.chunks()]
    assert b"".join(chunks) == photo
    assert max(map(len, chunks)) < len(photo) // 4


async def test_whether_a_picture_is_there_is_asked_without_its_bytes(store, bucket):
    await store.put("paris", MINE, b"mine")
    await store.put("lyon", THEIRS, b"theirs")
    bucket.methods.clear()

    assert [await store.has("paris", one) for one in (MINE, THEIRS, "x")] == [True, False, False]
    assert set(bucket.methods) <= {"HEAD"}


@pytest.mark.parametrize("name", ["", ".", "..", f"../lyon/{THEIRS}", f"{MINE}/", "hq", "file_x"])
async def test_a_text_that_is_no_id_is_not_looked_for(store, name):
    await store.put("lyon", THEIRS, b"theirs")

    assert await content(store, "paris", name) is None
    await store.delete("paris", name)
    assert await content(store, "lyon", THEIRS) == b"theirs"


async def test_a_bucket_is_asked_with_a_signature_under_its_prefix(bucket, tmp_path):
    await PictureStore(in_bucket(bucket, tmp_path), head_office="hq").put("paris", MINE, b"mine")

    assert bucket.objects == {f"/pictures/souk/paris/{MINE}": b"mine"}
    assert bucket.signed == {True}


async def test_a_bucket_that_fails_is_an_outage_and_no_missing_picture(bucket, tmp_path):
    store = PictureStore(in_bucket(bucket, tmp_path), head_office="hq")
    await store.put("paris", MINE, b"mine")
    bucket.is_broken = True

    for act in (
        store.find("paris", MINE),
        store.put("paris", MINE, b"mine"),
        store.delete("paris", MINE),
    ):
        with pytest.raises(Unavailable):
            await act


async def test_a_bucket_that_breaks_off_is_an_outage(bucket, tmp_path):
    store = PictureStore(in_bucket(bucket, tmp_path), head_office="paris")
    await store.put("paris", MINE, bytes(2**20))
    bucket.breaks_off = True

    with pytest.raises(Unavailable):
        await content(store, "lyon", MINE)


async def test_keys_that_may_not_list_the_bucket_are_an_outage_for_what_is_not_there(
    bucket, tmp_path
):
    """S3 answers them 403 then, which might as well be a bucket of somebody else's."""
    store = PictureStore(in_bucket(bucket, tmp_path), head_office="hq")
    await store.put("hq", MINE, b"a product")
    await store.put("paris", THEIRS, b"own")
    bucket.may_list = False

    assert await content(store, "lyon", MINE) == b"a product"
    for shop in ("paris", "lyon"):
        with pytest.raises(Unavailable):
            await store.find(shop, THEIRS)
    bucket.may_list = True
    assert await content(store, "paris", THEIRS) == b"own"
    assert await store.find("lyon", THEIRS) is None


async def test_a_folder_that_is_gone_is_an_outage(tmp_path):
    store = PictureStore(opened((tmp_path / "new").as_uri(), tmp_path), head_office="hq")
    (tmp_path / "new").rmdir()
    (tmp_path / "new").write_text("a file")

    with pytest.raises(Unavailable):
        await store.put("paris", MINE, b"mine")
