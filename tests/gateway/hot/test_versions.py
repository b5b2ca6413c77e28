"""Versions of catalogues: asked for together, and believed for less than a second."""

import asyncio

import pytest
import pytest_asyncio

from gateway.hot import versions
from gateway.hot.versions import PolledVersions
from gateway.metrics import Metrics


class Catalogue:
    """What catalog-opt-in says, and what it was asked."""

    def __init__(self):
        self.versions = {"paris": 5, "lyon": 7}
        self.polls = []
        self.is_silent = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, tenants):
        self.polls.append(list(tenants))
        found = {one: self.versions[one] for one in tenants if one in self.versions}
        await self.gate.wait()
        if self.is_silent:
            await asyncio.Event().wait()
        return found


@pytest.fixture
def catalogue():
    return Catalogue()


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until a test moves it."""

    class Clock:
        now = 1_000.0

        def monotonic(self):
            return self.now

    moved = Clock()
    monkeypatch.setattr(versions, "time", moved)
    return moved


@pytest.fixture
def impatient(monkeypatch):
    """Does not wait as long for an answer as it should."""
    monkeypatch.setattr(versions, "ANSWER_SECONDS", 0.02)


@pytest_asyncio.fixture
async def known(catalogue):
    made = PolledVersions("catalogue", catalogue.fetch, Metrics())
    yield made
    await made.close()


async def test_each_tenant_has_its_own_version(known):
    assert [await known.current(one) for one in ("paris", "lyon", "nobody")] == [5, 7, 0]


async def test_concurrent_reads_of_versions_share_one_poll(known, catalogue):
    asking = [known.current(one) for one in ("paris", "lyon") for _ in range(500)]

    assert set(await asyncio.gather(*asking)) == {5, 7}
    assert catalogue.polls == [["lyon", "paris"]]


async def test_a_question_is_about_500_tenants_at_most(known, catalogue):
    await asyncio.gather(*(known.current(f"shop-{number}") for number in range(1_100)))

    assert [len(one) for one in catalogue.polls] == [500, 500, 100]


async def test_a_version_is_believed_for_less_than_a_second(known, catalogue, clock):
    for one in ("paris", "lyon"):
        await known.current(one)
    catalogue.versions["paris"] = 6

    clock.now += 0.79
    assert await known.current("paris") == 5
    clock.now += 0.02
    assert await known.current("paris") == 6
    assert await known.current("lyon") == 7


async def test_an_age_counts_from_when_the_question_was_asked(known, catalogue, clock):
    catalogue.gate.clear()
    asking = asyncio.create_task(known.current("paris"))
    while not catalogue.polls:
        await asyncio.sleep(0)
    catalogue.versions["paris"] = 6
    clock.now += 0.7
    catalogue.gate.set()
    assert await asking == 5

    clock.now += 0.2

    assert await known.current("paris") == 6
    assert await known.current("lyon") == 7


async def test_after_a_write_an_answer_on_its_way_does_not_count(known, catalogue, clock):
    catalogue.gate.clear()
    early = asyncio.create_task(known.current("paris"))
    while not catalogue.polls:
        await asyncio.sleep(0)
    catalogue.versions["paris"] = 6
    clock.now += 0.001
    known.invalidate_all()
    clock.now += 0.001
    catalogue.gate.set()
    assert await early == 5  # it was asked for before the write was answered

    assert await known.current("paris") == 6
    assert await known.current("lyon") == 7


async def test_a_read_from_before_a_write_still_gets_its_answer(known, catalogue, clock):
    for one in ("paris", "lyon"):
        catalogue.gate.clear()
        asking = asyncio.create_task(known.current(one))
        await asyncio.sleep(0.001)
        clock.now += 0.001
        known.invalidate_all()
        catalogue.gate.set()
        assert await asking == {"paris": 5, "lyon": 7}[one]


@pytest.mark.usefixtures("impatient")
async def test_a_catalogue_that_does_not_answer_is_noticed(known, catalogue, clock):
    for one in ("paris", "lyon"):
        await known.current(one)
    catalogue.is_silent = True

    clock.now += 0.7
    assert await known.current("paris") == 5
    clock.now += 0.2

    assert await known.current("paris") is None
    assert await known.current("lyon") is None


@pytest.mark.usefixtures("impatient")
async def test_while_it_does_not_answer_few_wait_for_it(known, catalogue, clock):
    catalogue.is_silent = True
    assert await known.current("paris") is None
    polls = len(catalogue.polls)

    for one in ("paris", "lyon"):
        assert await known.current(one) is None
    assert len(catalogue.polls) == polls

    catalogue.is_silent = False
    clock.now += 0.3
    assert await known.current("lyon") == 7


@pytest.mark.usefixtures("impatient")
async def test_a_question_without_an_answer_is_the_last_of_its_round(known, catalogue):
    catalogue.is_silent = True

    found = await asyncio.gather(*(known.current(f"shop-{number}") for number in range(1_100)))

    assert set(found) == {None}
    assert [len(one) for one in catalogue.polls] == [500]


async def test_an_answer_that_breaks_is_none(catalogue):
    async def broken(tenants):
        raise ValueError(tenants)

    known = PolledVersions("catalogue", broken, Metrics())

    assert [await known.current(one) for one in ("paris", "lyon")] == [None, None]
    await known.close()


async def test_versions_are_refreshed_only_while_somebody_reads(known, catalogue, monkeypatch):
    monkeypatch.setattr(versions, "REFRESH_SECONDS", 0.005)
    for one in ("paris", "lyon"):
        await known.current(one)
    while "refresh" in known._flights:
        await asyncio.sleep(0.001)

    at_rest = len(catalogue.polls)
    assert at_rest <= 3
    await known.current("paris")
    while len(catalogue.polls) == at_rest:
        await asyncio.sleep(0.001)

    assert catalogue.polls[-1] == ["paris"]


async def test_the_last_version_is_known_without_asking_until_it_is_lost(catalogue, known):
    assert [known.last(one) for one in ("paris", "lyon")] == [None, None]

    await known.current("paris")
    assert [known.last(one) for one in ("paris", "lyon")] == [5, None]
    assert catalogue.polls == [["paris"]]

    async def broken(tenants):
        raise ValueError(tenants)

    known._fetch = broken
    await known.current("lyon")
    assert [known.last(one) for one in ("paris", "lyon")] == [None, None]
