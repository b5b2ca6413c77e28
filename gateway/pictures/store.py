"""The bytes of pictures: in a folder, or in a bucket of an S3-compatible store.

A picture is kept under its tenant's id and its own. The tenant is the one that the guard found, and
never part of the URL, so no request reaches what is another's. The head office's are every shop's.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from gateway.request_state import PICTURE_SECONDS
from services.kernel.call.errors import Unavailable

if TYPE_CHECKING:  # obstore has these names for types only
    from obstore import BytesStream, GetResult

_ID = re.compile(r"file_[0-9A-Z]{26}")
# Its own tries would outlast a request.
_TRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=5)}
_WAIT = "5s"
_CHUNK_BYTES = 64 * 1024
_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of `size` bytes in the store, of which only the `first` chunk is in memory."""

    size: int
    first: bytes
    _rest: "BytesStream"

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yields the bytes once, as fast as they are taken; raises Unavailable."""
        yield self.first
        with _translated():
            async for chunk in self._rest:
                yield bytes(chunk)


class PictureStore:
    def __init__(self, store: ObjectStore, *, head_office: str) -> None:
        self._store = store
        self._head_office = head_office

    async def put(self, tenant: str, file_id: str, content: bytes) -> None:
        """Stores a picture; raises Unavailable, as all of these do."""
        with _translated():
            await self._store.put_async(_key(tenant, file_id), content)

    async def find(self, shop: str, file_id: str) -> StoredPicture | None:
        """Opens a picture of a shop's own or of the head office; None if there is none."""
        found = await self._found(shop, file_id, head=False)
        if found is None:
            return None
        with _translated():
            stream = found.stream(min_chunk_size=_CHUNK_BYTES)
            first = await anext(aiter(stream), b"")
        return StoredPicture(found.meta["size"], bytes(first), stream)

    async def has(self, shop: str, file_id: str) -> bool:
        """Returns whether `find` would find a picture, without asking the store for its bytes."""
        return await self._found(shop, file_id, head=True) is not None

    async def _found(self, shop: str, file_id: str, *, head: bool) -> "GetResult | None":
        if not _ID.fullmatch(file_id):
            return None
        for tenant in dict.fromkeys((self._head_office, shop)):
            with _translated():
                try:
                    key = _key(tenant, file_id)
                    return await self._store.get_async(key, options={"head": head})
                except FileNotFoundError:
                    continue
        return None

    async def delete(self, tenant: str, file_id: str) -> None:
        """Deletes a tenant's picture, if there is one."""
        if _ID.fullmatch(file_id):
            with _translated():
                try:
                    await self._store.delete_async(_key(tenant, file_id))
                except FileNotFoundError:
                    return


def opened(url: str, secrets: Path) -> ObjectStore:
    """Opens a store: file:///folder, or s3://bucket/prefix.

    How to reach the bucket is in the secret uploads.json, if that is there. Nobody is asked yet.
    """
    if url.startswith("file://"):
        try:
            return from_url(url, mkdir=True)
        except OSError as error:
            raise SystemExit(f"souk: cannot use the folder {url}: {error}") from None
    secret = secrets / "uploads.json"
    own: dict[str, Any] = json.loads(secret.read_text()) if secret.exists() else {}
    # Deleting several objects at once is what some S3-compatible stores cannot do.
    config: Any = {"disable_bulk_delete": True, **own}
    is_plain = str(own.get("endpoint", "")).startswith("http://")
    return from_url(
        url,
        config=config,
        client_options={
            "allow_http": is_plain,
            "timeout": timedelta(seconds=PICTURE_SECONDS),
            "read_timeout": _WAIT,
            "connect_timeout": _WAIT,
        },
        retry_config=_TRIES,
    )


def _key(tenant: str, file_id: str) -> str:
    return f"{tenant}/{file_id}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        _log.warning("pictures_unavailable", error=type(error).__name__)
        raise Unavailable("UNAVAILABLE", "The store of pictures does not answer.") from error
