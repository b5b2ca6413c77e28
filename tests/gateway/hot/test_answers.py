"""The memory for answers: bounded in bytes, fair to every tenant."""

import pytest

from gateway.hot.answers import SHARES, Answers
from gateway.hot.reads import Read
from gateway.hot.recorder import Answer
from gateway.metrics import Metrics

MOST = 800_000
NOW = (1, 1)


@pytest.fixture
def answers():
    return Answers(MOST, Metrics())


def answer(size=7_000):
    return Answer(status=200, body=b"x" * size)


def fill(answers, tenant, count, size=7_000):
    for number in range(count):
        answers.put(tenant, NOW, Read(f"/{number}", ()), answer(size))


def held(answers, tenant, count):
    found = [answers.get(tenant, NOW, Read(f"/{number}", ())) for number in range(count)]
    return sum(one is not None for one in found)


def test_a_tenant_alone_may_fill_the_memory(answers):
    fill(answers, "paris", 1_000)

    assert MOST * 0.9 < answers.bytes <= MOST
    assert answers.get("lyon", NOW, Read("/1", ())) is None


def test_the_least_recently_used_goes_first(answers):
    fill(answers, "paris", 70)
    fill(answers, "lyon", 1)
    used = Read("/0", ())
    for number in range(100, 200):
        answers.get("paris", NOW, used)
        answers.put("paris", NOW, Read(f"/{number}", ()), answer())

    assert answers.get("paris", NOW, used)
    assert not answers.get("paris", NOW, Read("/1", ()))
    assert answers.get("lyon", NOW, used)


def test_one_tenants_crawler_does_not_empty_the_memory_of_others(answers):
    fill(answers, "lyon", 9)  # less than a share

    fill(answers, "paris", 10_000)

    assert held(answers, "lyon", 9) == 9


def test_a_full_memory_makes_room_for_others(answers):
    fill(answers, "paris", 1_000)

    for number in range(20):
        fill(answers, f"shop-{number}", 9)

    assert held(answers, "shop-19", 9) == 9
    assert answers.bytes <= MOST
    assert held(answers, "paris", 1_000) * 10_000 <= MOST / SHARES * 1.1


def test_an_answer_larger_than_a_share_is_not_kept(answers):
    fill(answers, "lyon", 3)

    answers.put("paris", NOW, Read("/", ()), answer(MOST // SHARES))

    assert not answers.get("paris", NOW, Read("/", ()))
    assert held(answers, "lyon", 3) == 3


def test_answers_of_other_versions_are_forgotten_at_once(answers):
    fill(answers, "paris", 10)
    fill(answers, "lyon", 10)
    both = answers.bytes

    for versions in ((2, 1), (1, 2), (0, 1)):
        assert answers.get("paris", versions, Read("/1", ())) is None

    assert answers.bytes == both / 2
    assert held(answers, "lyon", 10) == 10


def test_an_answer_of_other_versions_is_not_put_beside_newer_ones(answers):
    newer, late = answer(), answer()
    answers.put("paris", (2, 1), Read("/1", ()), newer)
    answers.put("lyon", NOW, Read("/1", ()), answer())

    answers.put("paris", (1, 1), Read("/2", ()), late)

    assert answers.get("paris", (2, 1), Read("/2", ())) is None
    assert answers.get("paris", (2, 1), Read("/1", ())) is newer


def test_compressed_bodies_count_as_well(answers):
    for tenant in ("paris", "lyon"):
        read, one = Read("/1", ()), answer()
        answers.put(tenant, NOW, read, one)
        before = answers.bytes

        answers.gzipped(tenant, read, one, b"z" * 700)

        assert answers.bytes == before + 700
        answers.get(tenant, (2, 2), read)
    assert answers.bytes == 0


def test_a_body_that_is_compressed_too_late_is_not_counted(answers):
    for tenant in ("paris", "lyon"):
        answers.gzipped(tenant, Read("/1", ()), answer(), b"z" * 700)

    assert answers.bytes == 0


def test_many_short_values_count_as_what_they_take():
    read = Read("/store/products", (("id", ("prod1",) * 300),))

    assert read.bytes > 300 * 50
