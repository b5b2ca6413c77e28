"""The small admin API client that the seed needs."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

AT_ONCE = 8
_PAGE = 200
_MAX_ATTEMPTS = 5
_RETRIED = frozenset({429, 503, 504})

Document = dict[str, Any]


class SeedFailed(Exception):
    """The seed cannot continue; the message says why."""


class Api:
    """An admin's session with a gateway; at most AT_ONCE requests run concurrently."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._slots = asyncio.Semaphore(AT_ONCE)

    @classmethod
    def at(cls, url: str) -> Self:
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        return cls(httpx.AsyncClient(base_url=url, timeout=30, limits=limits))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def another(self) -> Self:
        """Returns a client of the same gateway with a session of its own."""
        return self.at(str(self._http.base_url))

    async def register(self, path: str, credentials: Mapping[str, str]) -> bool:
        """Registers a customer, or logs in one who is registered; returns whether they are new."""
        answer = await self._send(
            self._http.build_request("POST", f"{path}/register", json=credentials)
        )
        if answer.status_code == 401:
            await self.log_in(path, **credentials)
            return False
        self._http.headers["authorization"] = f"Bearer {_body_of(answer)['token']}"
        return True

    async def log_in(self, path: str, email: str, password: str) -> None:
        """Starts the session.

        Raises:
            SeedFailed: the login is refused, or the gateway does not answer.
        """
        body = {"email": email, "password": password}
        answer = await self._send(self._http.build_request("POST", path, json=body))
        if answer.status_code == 401:
            raise SeedFailed(f"the login as {email} was refused: wrong e-mail address or password")
        self._http.headers["authorization"] = f"Bearer {_body_of(answer)['token']}"

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Document:
        """Sends a body, or none, and returns the response without its envelope."""
        answer = await self.send(path, body)
        return next(dict(one) for one in answer.values() if isinstance(one, dict))

    async def send(
        self, path: str, body: Mapping[str, object] | None = None, *, tenant: str = ""
    ) -> Document:
        """Sends a body, or none, and returns the whole response.

        `tenant` is which it is about, if the path does not say. The idempotency key makes it safe
        to retry after a 504, when the outcome is unknown.
        """
        headers = {"Idempotency-Key": uuid.uuid4().hex, **_at(tenant)}
        request = self._http.build_request("POST", path, json=body, headers=headers)
        return _body_of(await self._send(request))

    async def upload(self, path: str, contents: Sequence[bytes]) -> list[Document]:
        """Uploads files, and returns them in their order."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        files = [("files", ("picture", content)) for content in contents]
        request = self._http.build_request("POST", path, files=files, headers=headers)
        return list(_body_of(await self._send(request))["files"])

    async def get(self, path: str, *, tenant: str = "", **query: str | int) -> Document:
        request = self._http.build_request("GET", path, params=query, headers=_at(tenant))
        return _body_of(await self._send(request))

    async def all(
        self, path: str, plural: str, *, tenant: str = "", **query: str
    ) -> list[Document]:
        """Reads every page of a list."""
        found: list[Document] = []
        while True:
            page = await self.get(path, tenant=tenant, **query, limit=_PAGE, offset=len(found))
            found += page[plural]
            if len(found) >= page["count"] or not page[plural]:
                return found

    async def _send(self, request: httpx.Request) -> httpx.Response:
        async with self._slots:
            for _ in range(_MAX_ATTEMPTS):
                try:
                    answer = await self._http.send(request)
                except httpx.TransportError as error:
                    raise SeedFailed(f"{self._http.base_url} does not answer: {error}") from None
                if answer.status_code not in _RETRIED:
                    break
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
            return answer


def _at(tenant: str) -> dict[str, str]:
    return {"X-Tenant-ID": tenant} if tenant else {}


def _body_of(answer: httpx.Response) -> Document:
    if answer.is_success:
        return dict(answer.json())
    request = answer.request
    raise SeedFailed(
        f"{request.method} {request.url.path} returned {answer.status_code}: {_reason(answer)}"
    )


def _reason(answer: httpx.Response) -> str:
    try:
        error = answer.json()
        return f"{error['message']} ({error['code']})"
    except (ValueError, KeyError, TypeError):
        return answer.text[:200] or answer.reason_phrase
