"""Where tenants are known from, and what is believed of what stands in Redis."""

import asyncio
import json
import signal
import time
import uuid
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RedisDsn
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1.tenant_pb2 import Tenant, TenantConfig

from gateway.cli import ports
from gateway.clients import Clients
from gateway.settings import GatewaySettings
from gateway.tenancy import Tenancy, lookup, memory, shared
from gateway.tenancy.shared import SharedTenants, key
from gateway.tenancy.tenant import known
from services.kernel.errors import NotFound, Unavailable
from services.kernel.scope import Scope, bound

NOWHERE = "redis://127.0.0.1:1/0"
BASE = "impactnutrition.com"
PERMISSIONS = frozenset(
    {"tenant:create", "tenant:write", "tenant:manage", "domain:write", "host:resolve"}
)


class Process:
    """The real tenant-registry, to be killed, started again, and paused."""

    def __init__(self, cluster):
        self.cluster = cluster
        [self.port] = ports.free(1)
        self.child: Any = None
        self.made: list[str] = []

    async def run(self):
        if self.child is None or not self.child.running:
            self.child = await self.cluster.serve("tenant-registry", self.port)

    async def execute(self, statement, *arguments):
        connection = await self.cluster.connect("tenant_registry")
        await connection.execute(statement, *arguments)
        await connection.close()

    @contextmanager
    def paused(self):
        self.child.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.child.signal(signal.SIGCONT)


@pytest_asyncio.fixture(scope="module")
async def process(cluster):
    started = Process(cluster)
    yield started
    for table in ("domain", "audit_leaf", "request_record", "tenant"):
        await started.execute(f"DELETE FROM {table} WHERE tenant_id = ANY($1)", started.made)
    if started.child is not None:
        await started.child.stop()


class Noted:
    """The real stub, and what was asked through it."""

    def __init__(self, stub, asked):
        self._stub = stub
        self._asked = asked

    def __getattr__(self, method):
        def call(request):
            self._asked.append(getattr(request, "host", "") or request.name)
            return getattr(self._stub, method)(request)

        return call


class Two:
    """Two tenants of one test's own, and gateways that ask the registry for them."""

    def __init__(self, process, closing):
        self.process = process
        self.asked: list[str] = []
        self._closing = closing
        self._stub = self._clients(process.port).tenants
        mark = uuid.uuid4().hex[:12]
        self.paris, self.lyon = f"paris-{mark}", f"lyon-{mark}"
        self.host, self.new_host = f"{mark}.example", f"new-{mark}.example"

    async def create(self):
        for tenant, currency in ((self.paris, "EUR"), (self.lyon, "TND")):
            sound = Tenant(
                display_name="Souk", country_code="FR", currency_code=currency, default_locale="fr"
            )
            self.process.made.append(tenant)
            await self._act(None, pb.CreateTenantRequest(tenant_id=tenant, tenant=sound))
            await self._act(tenant, pb.ActivateTenantRequest(name=f"tenants/{tenant}"))
        await self.add(self.paris, self.host)

    async def add(self, tenant, host):
        await self._act(tenant, pb.CreateDomainRequest(parent=f"tenants/{tenant}", host=host))

    async def remove(self, tenant, host):
        name = f"tenants/{tenant}/domains/{host}"
        await self._act(tenant, pb.DeleteDomainRequest(name=name))

    async def suspend(self, tenant):
        await self._act(tenant, pb.SuspendTenantRequest(name=f"tenants/{tenant}"))

    async def rename(self, tenant, name):
        changed = Tenant(name=f"tenants/{tenant}", display_name=name)
        await self._act(tenant, pb.UpdateTenantRequest(tenant=changed))

    async def config(self, tenant):
        return await self._act(None, pb.ResolveTenantRequest(name=f"tenants/{tenant}"))

    async def was_asked(self):
        return bool(self.asked)

    def gateway(self, redis_url, *, listening=False, port=None) -> Tenancy:
        """Makes what a gateway process knows; `port` is where it looks for the registry."""
        clients = self._clients(port or self.process.port)
        noted: Any = Noted(clients.tenants, self.asked)
        clients.tenants = noted
        redis = SharedTenants(redis_url, b"secret")
        made = Tenancy(clients, redis, base_domain=BASE, fallback="hq")
        self._closing.push_async_callback(made.close)
        if listening:
            made.start()
        return made

    def _clients(self, port):
        settings = GatewaySettings(
            secrets=self.process.cluster.secrets,
            redis=RedisDsn(NOWHERE),
            tenant_registry=f"127.0.0.1:{port}",
            catalog_opt_in="127.0.0.1:1",
            audit="127.0.0.1:1",
        )
        clients = Clients(settings)
        self._closing.push_async_callback(clients.close)
        return clients

    async def _act(self, tenant, request):
        method = getattr(self._stub, type(request).__name__.removesuffix("Request"))
        with bound(Scope(tenant, "admins/user_1", PERMISSIONS)):
            # After a restart the wire may still be waiting for its next attempt to connect.
            return await method(request, wait_for_ready=True)


@pytest_asyncio.fixture
async def two(process):
    await process.run()
    async with AsyncExitStack() as closing:
        made = Two(process, closing)
        await made.create()
        yield made


async def until(condition):
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.01)


def age(tenancy, seconds):
    """Makes all that a process knows this much older."""
    memory = tenancy._memory
    for tenant_id in memory._tenants.all_keys():
        memory.confirm_at(tenant_id, memory.tenant(tenant_id).confirmed_at - seconds)


async def test_each_host_finds_its_own_tenant(two, redis_url):
    gateway = two.gateway(redis_url)

    found = [
        await gateway.owner(host)
        for host in (two.host, f"{two.paris}.{BASE}", f"{two.lyon}.{BASE}")
    ]

    assert [tenant.id for tenant in found] == [two.paris, two.paris, two.lyon]
    assert [tenant.currency_code for tenant in found] == ["EUR", "EUR", "TND"]


async def test_a_known_tenant_is_not_asked_for_again(two, redis_url):
    gateway = two.gateway(redis_url)

    for _ in range(100):
        await gateway.owner(two.host)
        await gateway.find(two.lyon)

    assert sorted(two.asked) == sorted([two.host, f"tenants/{two.lyon}"])


async def test_many_who_want_one_tenant_ask_once(two, redis_url):
    gateway = two.gateway(redis_url)

    with two.process.paused():
        waiting = [asyncio.create_task(gateway.owner(two.host)) for _ in range(500)]
        await until(two.was_asked)
    found = await asyncio.gather(*waiting)

    assert {tenant.id for tenant in found} == {two.paris}
    assert two.asked == [two.host]


async def test_whoever_asked_first_may_leave_and_the_others_are_answered(two, redis_url):
    gateway = two.gateway(redis_url)

    with two.process.paused():
        first, second = (asyncio.create_task(gateway.owner(two.host)) for _ in range(2))
        await until(two.was_asked)
        first.cancel()

    assert (await second).id == two.paris
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_another_process_learns_of_a_tenant_from_redis(two, redis_url, redis):
    hosts = {two.host: two.paris, f"{two.lyon}.{BASE}": two.lyon}
    here, there = two.gateway(redis_url), two.gateway(redis_url, port=1)
    for host in hosts:
        await here.owner(host)
    names = [key("host", host) for host in hosts] + [key("tenant", hosts[host]) for host in hosts]

    async def all_shared():
        return await redis.exists(*names) == len(names)

    await until(all_shared)

    assert {host: (await there.owner(host)).id for host in hosts} == hosts


async def test_an_unknown_host_is_asked_for_once_and_leaves_nothing_in_redis(two, redis_url, redis):
    gateway = two.gateway(redis_url)

    found = [await gateway.owner("nobody.example") for _ in range(50)]

    assert set(found) == {None}
    assert two.asked == ["nobody.example"]
    assert await redis.dbsize() == 0


async def test_a_scan_of_random_hosts_grows_neither_memory_nor_redis(
    two, redis_url, redis, monkeypatch
):
    monkeypatch.setattr(memory, "_UNKNOWN", 100)
    gateway = two.gateway(redis_url)

    for number in range(300):
        await gateway.owner(f"scan-{number}.example")

    assert len(two.asked) == 300
    assert len(gateway._memory._unknown) <= 100
    assert await redis.dbsize() == 0


async def test_a_new_domain_is_found_at_once_where_it_was_unknown_before(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    assert await here.owner(two.new_host) is None
    assert await there.owner(two.new_host) is None

    await two.add(two.lyon, two.new_host)
    await here.changed(two.lyon)

    assert (await here.owner(two.new_host)).id == two.lyon

    async def found_there():
        return await there.owner(two.new_host) is not None

    await until(found_there)


async def test_a_host_that_moved_is_its_new_owners_alone(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    for gateway in (here, there):
        assert (await gateway.owner(two.host)).id == two.paris

    await two.remove(two.paris, two.host)
    await two.add(two.lyon, two.host)
    await here.changed(two.paris)
    await here.changed(two.lyon)

    assert (await here.owner(two.host)).id == two.lyon

    async def moved_there():
        return (await there.owner(two.host)).id == two.lyon

    await until(moved_there)


async def test_other_processes_hear_of_a_suspension(two, redis_url):
    here, there = two.gateway(redis_url, listening=True), two.gateway(redis_url, listening=True)
    assert (await there.find(two.paris)).is_open

    await two.suspend(two.paris)
    await here.changed(two.paris)

    assert not (await here.find(two.paris)).is_open

    async def closed_there():
        return not (await there.find(two.paris)).is_open

    await until(closed_there)


async def test_an_older_version_never_replaces_a_newer_one(two, redis_url, redis):
    gateway = two.gateway(redis_url)
    for tenant in (two.paris, two.lyon):
        older = await two.config(tenant)
        await two.rename(tenant, "Renamed")
        newer = await two.config(tenant)

        for one in (newer, older):
            await gateway._shared.put(known(one), one.SerializeToString())
            gateway._memory.put(known(one), asked_at=time.monotonic())

        assert await redis.hget(key("tenant", tenant), "version") == b"%d" % newer.version
        assert (await gateway.find(tenant)).display_name == "Renamed"


def forged(tenant, held):
    """Makes of another tenant's value one that names this tenant, newer than all."""
    config = TenantConfig.FromString(held[b"config"])
    config.tenant.name, config.version = f"tenants/{tenant}", 999_999
    return held | {b"version": b"999999", b"config": config.SerializeToString()}


# Each is given a tenant's id, and what the gateway itself keeps there for another tenant.
RUBBISH = {
    "bytes": lambda redis, name, *_: redis.set(name, b"\xff" * 100),
    "a list": lambda redis, name, *_: redis.rpush(name, "a", "b"),
    "an empty hash": lambda redis, name, *_: redis.hset(name, "x", "y"),
    "a hash of nonsense": lambda redis, name, *_: redis.hset(
        name, mapping={"version": "x", "confirmed": "y", "config": b"\xff", "mac": b"z"}
    ),
    "a forged configuration": lambda redis, name, tenant, held: redis.hset(
        name, mapping=forged(tenant, held)
    ),
    "another tenant's value": lambda redis, name, _, held: redis.hset(name, mapping=held),
    "a megabyte": lambda redis, name, *_: redis.hset(name, "config", b"x" * 1_000_000),
}


@pytest.mark.parametrize("write", RUBBISH.values(), ids=RUBBISH.keys())
async def test_what_somebody_else_wrote_into_redis_is_never_served(two, redis_url, redis, write):
    await two.gateway(redis_url).find(two.lyon)
    await until(lambda: redis.exists(key("tenant", two.lyon)))
    held = await redis.hgetall(key("tenant", two.lyon))
    await write(redis, key("tenant", two.paris), two.paris, held)

    paris = await two.gateway(redis_url).find(two.paris)

    assert paris == known(await two.config(two.paris))
    assert paris.currency_code == "EUR"


@pytest.mark.parametrize("hint", [b"LYON", b"", b"../LYON", b"nobody", b"x" * 1000, b"\xff\xfe"])
async def test_a_hint_in_redis_gives_no_host_to_somebody_else(two, redis_url, redis, hint):
    await redis.set(key("host", two.host), hint.replace(b"LYON", two.lyon.encode()))

    assert (await two.gateway(redis_url).owner(two.host)).id == two.paris


async def test_a_process_that_knew_nothing_checks_what_redis_told_it(two, redis_url, redis):
    await two.gateway(redis_url).find(two.paris)
    await until(lambda: redis.exists(key("tenant", two.paris)))
    await two.suspend(two.paris)
    gateway = two.gateway(redis_url)

    await gateway.find(two.paris)

    async def checked():
        return not (await gateway.find(two.paris)).is_open

    await until(checked)


async def test_nonsense_on_the_channel_is_passed_over(two, redis_url, redis):
    gateway = two.gateway(redis_url, listening=True)
    await until(lambda: _subscribed(redis))
    await gateway.find(two.paris)

    for message in (b"", b"\xff", b"[]", b'{"tenant": 1, "version": {}}', b"[" * 5000, b"null"):
        await redis.publish("souk:tenant-changed", message)
    await two.suspend(two.paris)
    change = {"tenant": two.paris, "version": (await two.config(two.paris)).version}
    await redis.publish("souk:tenant-changed", json.dumps(change))

    async def heard():
        return not (await gateway.find(two.paris)).is_open

    await until(heard)


async def _subscribed(redis):
    return (await redis.pubsub_numsub("souk:tenant-changed"))[0][1] > 0


async def test_known_tenants_go_on_when_neither_redis_nor_the_registry_answers(two):
    ages = (lookup.SOFT_SECONDS + 1, lookup.HARD_SECONDS + 1, 3600)
    gateways = {seconds: two.gateway(NOWHERE) for seconds in ages}
    for gateway in gateways.values():
        for tenant in (two.paris, two.lyon):
            await gateway.find(tenant)
    await two.process.child.kill()

    for seconds, gateway in gateways.items():
        age(gateway, seconds)
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (two.paris, two.lyon)]

        assert found == [two.paris, two.lyon]
        assert time.perf_counter() - began < 1


async def test_a_hanging_registry_holds_up_one_request_and_not_all(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    age(gateway, lookup.HARD_SECONDS + 1)

    with two.process.paused():
        await gateway.find(two.paris)
        began = time.perf_counter()
        for _ in range(100):
            assert (await gateway.find(two.paris)).id == two.paris

    assert time.perf_counter() - began < 0.1


async def test_a_tenant_that_nobody_knows_is_unavailable_and_not_unknown(two):
    gateway = two.gateway(NOWHERE, port=1)

    for question in (gateway.find(two.paris), gateway.owner(f"{two.lyon}.{BASE}")):
        with pytest.raises(Unavailable):
            await question


async def test_a_paused_redis_costs_milliseconds(two, valkey, redis_url):
    gateway = two.gateway(redis_url)
    valkey[1].signal(signal.SIGSTOP)
    try:
        began = time.perf_counter()
        found = [(await gateway.find(tenant)).id for tenant in (two.paris, two.lyon)]
        took = time.perf_counter() - began
    finally:
        valkey[1].signal(signal.SIGCONT)

    assert found == [two.paris, two.lyon]
    assert took < 0.5


async def test_a_refresh_finds_what_changed_without_anybody_telling(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    await two.suspend(two.paris)

    age(gateway, lookup.SOFT_SECONDS + 1)
    await gateway.find(two.paris)

    async def seen():
        return not (await gateway.find(two.paris)).is_open

    await until(seen)


async def test_a_broken_row_leaves_the_last_good_configuration(two):
    gateway = two.gateway(NOWHERE)
    await gateway.find(two.paris)
    await two.process.execute(
        "UPDATE tenant SET currency_code = '??', config_version = config_version + 1"
        " WHERE tenant_id = $1",
        two.paris,
    )

    age(gateway, lookup.HARD_SECONDS + 1)

    assert (await gateway.find(two.paris)).currency_code == "EUR"


@pytest.mark.parametrize("name", ["", "Paris", "-paris", "paris-", "p" * 64, "tenants/paris", "é"])
async def test_what_is_no_tenant_id_is_asked_of_nobody(two, redis_url, name):
    gateway = two.gateway(redis_url)

    assert await gateway.find(name) is None
    with pytest.raises(NotFound):
        await gateway.tenant(name)
    assert two.asked == []


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_two_names_never_meet_in_one_key(one, other):
    if one != other and ":" not in one[0] + other[0]:
        assert key(*one) != key(*other)


def test_the_libraries_own_timeouts_are_not_used():
    client = shared._client("redis://127.0.0.1:1/0", timeout=shared.CALL_SECONDS)

    given_arguments = client.connection_pool.connection_kwargs
    assert given_arguments["socket_timeout"] == shared.CALL_SECONDS
    assert given_arguments["retry"]._retries == 0
