"""Clients that are hard to serve: they go away, or ask for the same again and again at once."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx

from tests.faults.ledger import COLLECTION
from tests.faults.matrix import Injection, Testbed

_CLIENTS = 2
_PATIENCE_SECONDS = 0.06
_TIMES = 3
_ACTS_AT_ONCE = 4
_BEFORE_AGAIN_SECONDS = 0.05


def with_clients(once: Callable[[Testbed, httpx.AsyncClient], Awaitable[None]]) -> Injection:
    """Some clients that do something over and over, until the block ends."""

    @asynccontextmanager
    async def inject(testbed: Testbed) -> AsyncIterator[None]:
        async def again(client: httpx.AsyncClient) -> None:
            while True:
                await once(testbed, client)

        headers = {"Authorization": f"Bearer {testbed.token}"}
        async with (
            httpx.AsyncClient(
                base_url=testbed.platform.public_url, headers=headers, timeout=30, trust_env=False
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            tasks = [group.create_task(again(client)) for _ in range(_CLIENTS)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    return inject


async def hang_up(testbed: Testbed, client: httpx.AsyncClient) -> None:
    """Writes, and goes away at any moment from before the request is sent to after its answer."""
    body = _intended(testbed)
    with suppress(TimeoutError):
        async with asyncio.timeout(random.uniform(0, _PATIENCE_SECONDS)):
            await client.post("/admin/collections", json=body)


async def ask_three_times(testbed: Testbed, client: httpx.AsyncClient) -> None:
    """Sends some writes three times each, shuffled and at once, until each is answered well."""
    bodies = [_intended(testbed) for _ in range(_ACTS_AT_ONCE)]
    keys = {body["title"]: str(uuid.uuid4()) for body in bodies}

    async def ask(body: dict[str, str]) -> tuple[str, int, bytes]:
        title = body["title"]
        while True:
            answer = await client.post(
                "/admin/collections", json=body, headers={"Idempotency-Key": keys[title]}
            )
            if answer.status_code not in (409, 503):
                return title, answer.status_code, answer.content
            await asyncio.sleep(_BEFORE_AGAIN_SECONDS)

    answers = await asyncio.gather(*map(ask, random.sample(bodies * _TIMES, len(bodies) * _TIMES)))
    assert {status for _, status, _ in answers} == {200}
    assert len({(title, content) for title, _, content in answers}) == len(bodies)
    testbed.ledger.acknowledged |= {(COLLECTION, title) for title in keys}


def _intended(testbed: Testbed) -> dict[str, str]:
    title = f"Encore {uuid.uuid4().hex}"
    testbed.ledger.intended.add((COLLECTION, title))
    return {"title": title}
