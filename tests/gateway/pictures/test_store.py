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
        self.is_broken = False
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
        self.send_response(500 if self.server.is_broken else status)
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Tue, 01 Dec 2026 00:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.server.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200)

    def do_GET(self):
        found = self.server.objects.get(self.path)
        self._answer(404) if found is None else self._answer(200, found)

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


async def test_a_picture_is_found_by_its_tenant_alone_until_it_is_deleted(store):
    await store.put("paris", MINE, b"mine")
    await store.put("lyon", THEIRS, b"theirs")

    assert await store.find("paris", MINE) == b"mine"
    assert await store.find("paris", THEIRS) is None
    await store.delete("paris", THEIRS)
    assert await store.find("lyon", THEIRS) == b"theirs"
    await store.delete("paris", MINE)
    await store.delete("paris", MINE)
    assert await store.find("paris", MINE) is None


async def test_the_head_offices_pictures_are_every_tenants(store):
    await store.put("hq", MINE, b"a product")

    assert [await store.find(shop, MINE) for shop in ("paris", "lyon", "hq")] == [b"a product"] * 3


@pytest.mark.parametrize("name", ["", ".", "..", f"../lyon/{THEIRS}", f"{MINE}/", "hq", "file_x"])
async def test_a_text_that_is_no_id_is_not_looked_for(store, name):
    await store.put("lyon", THEIRS, b"theirs")

    assert await store.find("paris", name) is None
    await store.delete("paris", name)
    assert await store.find("lyon", THEIRS) == b"theirs"


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


async def test_a_folder_that_is_gone_is_an_outage(tmp_path):
    store = PictureStore(opened((tmp_path / "new").as_uri(), tmp_path), head_office="hq")
    (tmp_path / "new").rmdir()
    (tmp_path / "new").write_text("a file")

    with pytest.raises(Unavailable):
        await store.put("paris", MINE, b"mine")
