"""However many ask, one run at a time answers them, and none that began before they asked."""

import asyncio

import pytest

from services.kernel.operation.shared_runs import SharedRuns


class Work:
    def __init__(self):
        self.runs = 0
        self.goes_on = asyncio.Event()
        self.began = asyncio.Event()

    async def __call__(self):
        self.runs += 1
        run = self.runs
        self.began.set()
        await self.goes_on.wait()
        return run


async def test_all_who_ask_during_a_run_share_the_next():
    work = Work()
    shared = SharedRuns(work)
    first = asyncio.create_task(shared.result())
    await work.began.wait()
    others = [asyncio.create_task(shared.result()) for _ in range(100)]
    await asyncio.sleep(0)

    work.goes_on.set()

    assert await first == 1
    assert await asyncio.gather(*others) == [2] * 100
    assert work.runs == 2


async def test_a_run_goes_on_for_the_others_when_one_has_gone():
    work = Work()
    shared = SharedRuns(work)
    gone, there = (asyncio.create_task(shared.result()) for _ in range(2))
    await work.began.wait()

    gone.cancel()
    work.goes_on.set()

    assert await there == 1


async def test_a_run_that_fails_fails_those_who_shared_it_alone():
    runs = []

    async def work():
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("away")
        return "there"

    shared = SharedRuns(work)
    with pytest.raises(RuntimeError):
        await shared.result()

    assert await shared.result() == "there"
