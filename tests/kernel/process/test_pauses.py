"""A pause ends with its time or with an event, and leaves nothing behind."""

import asyncio

import pytest

from services.kernel.process.pauses import pause


async def test_a_pause_ends_with_the_first_event_or_with_its_time():
    first, second = asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(pause(60, first, second))
    await asyncio.sleep(0)

    second.set()

    assert await waiting is True
    assert await pause(0.001, first) is False


def test_a_cancelled_pause_leaves_no_task():
    async def tasks_left() -> set[asyncio.Task[object]]:
        waiting = asyncio.create_task(pause(60, asyncio.Event(), asyncio.Event()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(tasks_left()) == set()  # a loop of its own: others' tasks come and go
