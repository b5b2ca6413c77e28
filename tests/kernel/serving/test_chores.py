"""A chore goes on, whatever goes wrong, until its service stops."""

import asyncio

import pytest

from services.kernel.call.errors import Unavailable
from services.kernel.serving.chores import repeat


async def test_a_chore_is_done_again_after_any_error_and_ends_when_it_is_cancelled():
    done: list[None] = []
    errors = [Unavailable("DATABASE_UNAVAILABLE", "Away."), ValueError("a fault")]
    third = asyncio.Event()

    async def work():
        done.append(None)
        if errors:
            raise errors.pop()
        third.set()

    task = asyncio.create_task(repeat(work, every_seconds=0, chore="a_test"))
    async with asyncio.timeout(5):
        await third.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(done) >= 3
