"""Repeated requests: one act, the same answer, and nobody else's."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from souk.tenant_registry.v1.api_key_service_pb2 import ApiKey, CreateApiKeyResponse
from souk.tenant_registry.v1.tenant_pb2 import Domain
from souk.tenant_registry.v1.tenant_registry_service_pb2 import CreateDomainRequest
from sqlalchemy import func, select, update

from services.kernel.call import recorded_events
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.scope import Scope, bound
from services.kernel.data import requests
from services.kernel.data.acts import AuditMissing
from services.kernel.data.tables import RequestRecord
from services.kernel.evidence import audit

DATABASE = "tenant_registry"
METHOD = "souk.tenant_registry.v1.TenantRegistryService/CreateDomain"


@pytest_asyncio.fixture(scope="module")
async def doors(cluster):
    async with cluster.doors(DATABASE) as opened:
        yield opened


def scope(tenant, actor="admins/user_1", method=METHOD):
    return bound(Scope(tenant, actor, frozenset(), request_id="r"), method)


def domain_request(tenant="paris", host="a.example.fr", request_id=""):
    return CreateDomainRequest(parent=f"tenants/{tenant}", host=host, request_id=request_id)


async def act(doors, request, answer, meanwhile=asyncio.sleep):
    """Does what an RPC does: answers as before, or acts and remembers."""
    async with doors.tenant() as session:
        if before := await requests.stored_answer(session, request, Domain):
            return before
        await meanwhile(0)
        audit.record(session, resource=request.host)
        return await requests.remember(session, request, Domain(name=answer))


async def test_a_repeated_request_gets_the_first_answer(doors):
    request = domain_request(request_id=str(uuid4()))

    with scope("paris"):
        first = await act(doors, request, "first")
        again = await act(doors, request, "second")

    assert (first.name, again.name) == ("first", "first")


async def test_a_repeat_names_the_events_of_the_first_request(doors):
    request = domain_request(request_id=str(uuid4()))
    named = []

    for tenant in ("paris", "paris", "lyon"):
        with scope(tenant), recorded_events.collecting() as events:
            await act(doors, request, "answer")
        named.append(events)

    assert named[0] == named[1]
    assert [event.split("/")[1] for event in named[0]] == ["paris"]
    assert [event.split("/")[1] for event in named[2]] == ["lyon"]


async def test_an_event_after_the_answer_was_remembered_is_refused(doors):
    request = domain_request(request_id=str(uuid4()))

    async def act_late():
        async with doors.tenant() as session:
            audit.record(session, resource="a")
            await requests.remember(session, request, Domain(name="a"))
            audit.record(session, resource="b")

    for tenant in ("paris", "lyon"):
        with scope(tenant), pytest.raises(AuditMissing):
            await act_late()


async def test_a_secret_is_not_kept_for_a_repeat(doors):
    request = domain_request(request_id=str(uuid4()))
    made = CreateApiKeyResponse(api_key=ApiKey(title="ERP"), secret="souk_live_canary")

    async def keep():
        async with doors.tenant() as session:
            if before := await requests.stored_answer(session, request, CreateApiKeyResponse):
                return before
            audit.record(session, resource="a key")
            return await requests.remember(session, request, made)

    for tenant in ("paris", "lyon"):
        with scope(tenant):
            first, again = await keep(), await keep()
            assert first.secret == "souk_live_canary"
            assert (again.api_key.title, again.secret) == ("ERP", "")


async def test_two_at_the_same_time_act_once(doors):
    request, acting, two = domain_request(request_id=str(uuid4())), [], asyncio.Event()

    async def wait_for_another(_):
        acting.append(request)
        if len(acting) == 2:
            two.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(two.wait(), 0.3)

    with scope("paris"):
        answers = await asyncio.gather(
            *(act(doors, request, str(n), wait_for_another) for n in range(5))
        )

    assert len(acting) == 1
    assert len({answer.name for answer in answers}) == 1


async def test_the_same_id_with_another_body_is_refused(doors):
    request_id = str(uuid4())

    with scope("paris"):
        await act(doors, domain_request(host="a.example.fr", request_id=request_id), "first")
        with pytest.raises(InvalidArgument) as refused:
            await act(doors, domain_request(host="b.example.fr", request_id=request_id), "second")

    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_the_same_id_on_another_method_is_refused(doors):
    request = domain_request(request_id=str(uuid4()))

    with scope("paris"):
        await act(doors, request, "first")
    with scope("paris", method=METHOD + "Twice"), pytest.raises(InvalidArgument):
        await act(doors, request, "second")


@pytest.mark.parametrize(("tenant", "actor"), [("lyon", "admins/user_1"), ("paris", "admins/x")])
async def test_another_tenant_or_actor_with_the_same_id_acts_anew(doors, tenant, actor):
    request_id = str(uuid4())

    with scope("paris"):
        await act(doors, domain_request("paris", request_id=request_id), "ours")
    with scope(tenant, actor):
        answer = await act(doors, domain_request(tenant, request_id=request_id), "theirs")

    assert answer.name == "theirs"


async def test_without_an_id_every_request_acts(doors):
    with scope("lyon"):
        answers = [await act(doors, domain_request("lyon"), str(n)) for n in range(2)]

    assert [answer.name for answer in answers] == ["0", "1"]


@pytest.mark.parametrize("request_id", ["x", "1", "é" * 40, "'; drop table request_record"])
async def test_an_id_that_is_no_uuid_is_refused(doors, request_id):
    with scope("paris"), pytest.raises(InvalidArgument) as refused:
        await act(doors, domain_request(request_id=request_id), "never")

    assert refused.value.reason == "REQUEST_ID_INVALID"


async def test_answers_are_forgotten_after_a_day(doors, monkeypatch):
    monkeypatch.setattr(requests, "_MAX_REMOVED", 1)
    request = domain_request(request_id=str(uuid4()))
    for tenant in ("paris", "lyon"):
        with scope(tenant):
            await act(doors, request, "first")
    async with doors.housekeeping() as session:
        yesterday = datetime.now(UTC) - requests.RETENTION - timedelta(minutes=1)
        await session.execute(update(RequestRecord).values(create_time=yesterday))

    with scope("paris"):
        assert (await act(doors, request, "second")).name == "second"
    async with doors.housekeeping() as session:
        await session.execute(update(RequestRecord).values(create_time=yesterday))
    forgetting = asyncio.create_task(requests.remove_expired(doors))
    async with asyncio.timeout(10):
        while await _count(doors):
            await asyncio.sleep(0.01)
    forgetting.cancel()


async def _count(doors):
    async with doors.housekeeping() as session:
        return await session.scalar(select(func.count()).select_from(RequestRecord))
