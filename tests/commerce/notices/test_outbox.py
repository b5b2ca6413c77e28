"""Notices leave the outbox at least once, and those of no tenant hold up another's."""

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from services.commerce.models import CustomerOrder, Outbox
from services.commerce.notices import delivery
from services.commerce.notices.delivery import Deliveries
from services.commerce.notices.outbox import ORDER_PLACED, announce, take_due
from services.kernel.call.names import new_id
from services.kernel.call.scope import Scope, bound
from tests.cluster import cluster  # noqa: F401 - a fixture


class Sender:
    """Sends mails, or fails as a mail server does."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.failing: dict[str, Exception] = {}

    async def send(self, mail):
        if error := self.failing.get(mail["To"]):
            raise error
        self.mails.append(mail)


@pytest_asyncio.fixture
async def doors(cluster):  # noqa: F811
    async with cluster.doors("commerce") as doors:
        yield doors
    async with cluster.session("commerce") as superuser:
        await superuser.execute("DELETE FROM outbox; DELETE FROM customer_order")


@pytest.fixture
def sender():
    return Sender()


@pytest.fixture
def deliveries(doors, sender):
    return Deliveries(doors, sender, "shop@example.com")


@pytest.fixture
def order(doors):
    """Places an order, as far as its notice is concerned."""

    async def place(tenant, email):
        id_, now = new_id("order"), datetime.now(UTC)
        async with doors.housekeeping() as session:
            await session.execute(
                insert(CustomerOrder).values(
                    tenant_id=tenant,
                    order_id=id_,
                    display_id=int(now.timestamp() * 1_000_000),
                    cart_id=id_,
                    email=email,
                    currency_code="EUR",
                    total_minor=1200,
                    status="pending",
                    payment_status="authorized",
                    fulfillment_status="not_fulfilled",
                    content={"region_id": "reg_1", "currency_code": "EUR", "shop_name": tenant},
                    document=b"{}",
                    create_time=now,
                    update_time=now,
                )
            )
        with bound(Scope(tenant, "shoppers/-", frozenset())):
            async with doors.act() as act:
                await announce(act, ORDER_PLACED, id_, now)
        return id_

    return place


async def _waiting(doors):
    async with doors.housekeeping() as session:
        found = await session.execute(select(Outbox.tenant_id, Outbox.attempts))
        return sorted(tuple(row) for row in found)


async def _make_due(doors):
    async with doors.housekeeping() as session:
        await session.execute(update(Outbox).values(due_time=datetime.now(UTC)))


async def test_each_shop_tells_its_shopper_and_then_forgets(doors, deliveries, sender, order):
    for tenant in ("paris", "lyon"):
        await order(tenant, f"zoe@{tenant}.example")

    assert await deliveries.deliver() == 2
    assert await deliveries.deliver() == 0

    assert sorted((mail["To"], mail["Subject"].split(":")[0]) for mail in sender.mails) == [
        ("zoe@lyon.example", "lyon"),
        ("zoe@paris.example", "paris"),
    ]
    assert await _waiting(doors) == []


async def test_one_shops_failing_mail_waits_and_the_others_do_not(doors, deliveries, sender, order):
    await order("lyon", "a@example.com")
    await order("paris", "b@example.com")
    sender.failing["a@example.com"] = ConnectionRefusedError()

    assert await deliveries.deliver() == 2
    assert [mail["To"] for mail in sender.mails] == ["b@example.com"]
    assert await _waiting(doors) == [("lyon", 1)]
    assert await deliveries.deliver() == 0  # it is not due yet

    sender.failing.clear()
    await _make_due(doors)
    assert await deliveries.deliver() == 1
    assert [mail["To"] for mail in sender.mails] == ["b@example.com", "a@example.com"]
    assert await _waiting(doors) == []


async def test_a_mail_that_is_refused_for_good_is_tried_once(doors, deliveries, sender, order):
    await order("paris", "a@example.com")
    sender.failing["a@example.com"] = smtplib.SMTPResponseException(550, b"nobody")

    await deliveries.deliver()

    assert await _waiting(doors) == []


async def test_a_notice_is_given_up_after_so_many_attempts(doors, deliveries, sender, order):
    await order("paris", "a@example.com")
    sender.failing["a@example.com"] = TimeoutError()

    for attempt in range(1, delivery.MOST_ATTEMPTS):
        await deliveries.deliver()
        assert await _waiting(doors) == [("paris", attempt)]
        await _make_due(doors)
    await deliveries.deliver()

    assert await _waiting(doors) == []


async def test_a_notice_that_a_process_has_taken_is_nobody_elses_until_its_time_ends(doors, order):
    id_ = await order("paris", "a@example.com")

    [taken] = await take_due(doors)
    assert (taken.resource, taken.attempts) == (id_, 1)
    assert await take_due(doors) == []

    await _make_due(doors)  # as if the time had passed
    [again] = await take_due(doors)
    assert (again.notice_id, again.attempts) == (taken.notice_id, 2)


async def test_a_notice_of_an_order_that_is_gone_tells_nobody(doors, deliveries, sender):
    with bound(Scope("paris", "shoppers/-", frozenset())):
        async with doors.act() as act:
            await announce(act, ORDER_PLACED, "order_gone", datetime.now(UTC))

    assert await deliveries.deliver() == 1
    assert sender.mails == []
    assert await _waiting(doors) == []
