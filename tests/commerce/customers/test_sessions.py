"""Customers' sessions in two shops: what ends one ends all tokens that name it, and no others."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from souk.commerce.v1 import store_customer_service_pb2 as pb
from sqlalchemy import func, insert, select

from services.commerce.customers import sessions
from services.commerce.customers.attempts import Attempts
from services.commerce.customers.servicer import StoreCustomerServicer
from services.commerce.models import CustomerSession, Identity
from services.kernel.call.errors import Unauthenticated
from services.kernel.call.scope import Scope, bound
from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.commerce.conftest import PASSWORD, bearer
from tests.commerce.customers.test_rpcs import stub

LOGIN = "/auth/customer/emailpass"
SESSION = "/auth/session"
ME = "/store/customers/me"


async def log_in(shop, email):
    """Logs in once more, as on another device."""
    token = (await shop.post(LOGIN, {"email": email, "password": PASSWORD}))["token"]
    return replace(shop, headers=shop.headers | bearer(token))


async def statuses(customer):
    """What a customer's token is worth, wherever it counts."""
    requests = (("GET", ME), ("GET", "/store/orders"), ("POST", "/store/carts"))
    return {(await customer.send(method, path)).status_code for method, path in requests}


async def test_logging_out_ends_the_tokens_of_that_login_alone(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        here = await shop.account()
        email = here.customer["email"]
        others = [await log_in(shop, email), await elsewhere.account(email)]
        token = (await here.post("/auth/token/refresh"))["token"]
        renewed = replace(here, headers=here.headers | bearer(token))
        cart = await here.cart(1)

        assert (await here.send("DELETE", SESSION)).json() == {"success": True}

        for ended in (here, renewed):
            assert await statuses(ended) == {401}
            assert (await ended.refused("POST", "/auth/token/refresh"))[0] == 401
            assert (await ended.refused("GET", f"/store/carts/{cart['id']}"))[0] == 401
        for one in others:
            assert await statuses(one) == {200}
        assert (await others[0].get(f"/store/carts/{cart['id']}"))["cart"]["id"] == cart["id"]


async def test_a_token_that_makes_the_customer_is_of_a_session_too(paris, hq):
    for shop in (paris, hq):
        login = {"email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD}
        early = bearer((await shop.post(f"{LOGIN}/register", login))["token"])

        assert (await shop.send("DELETE", SESSION, headers=early)).status_code == 200

        body = {"email": login["email"]}
        assert (await shop.send("POST", "/store/customers", body, headers=early)).status_code == 401


async def test_a_session_that_is_over_is_refused_and_removed(paris, hq, database):
    rows = await database("commerce", "superuser")
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        customer, other = await shop.account(), await shop.account()
        await rows.execute(
            "UPDATE customer_session s SET end_time = now() FROM identity i"
            " WHERE s.tenant_id = $1 AND (i.tenant_id, i.identity_id) = (s.tenant_id,"
            " s.identity_id) AND i.customer_id = $2",
            tenant,
            customer.customer["id"],
        )

        assert await statuses(customer) == {401}
        assert await statuses(other) == {200}


async def test_a_session_proves_nobody_but_its_owner(paris, hq, scoped_stub, database):
    rows = await database("commerce", "superuser")
    find = (
        "SELECT session_id FROM customer_session JOIN identity USING (tenant_id, identity_id)"
        " WHERE tenant_id = $1 AND customer_id = $2 LIMIT 1"
    )
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        own, other = [(await shop.account()).customer["id"] for _ in range(2)]
        sids = {id_: await rows.fetchval(find, tenant, id_) for id_ in (own, other)}
        request = pb.GetOwnCustomerRequest(name=f"tenants/{tenant}/customers/{own}")
        actor = f"customers/{own}"

        assert await stub(scoped_stub, tenant, actor, sids[own]).GetOwnCustomer(request)
        for wrong in (sids[other], "csess_unknown", ""):
            with pytest.raises(Unauthenticated):
                await stub(scoped_stub, tenant, actor, wrong).GetOwnCustomer(request)


@pytest.fixture
async def doors(cluster):  # noqa: F811
    async with cluster.doors("commerce") as opened:
        yield opened


async def new_identity(db, tenant):
    """Stores an identity, past the service."""
    now, id_ = datetime.now(UTC), f"authid_{uuid.uuid4().hex}"
    async with db.housekeeping() as session:
        await session.execute(
            insert(Identity).values(
                tenant_id=tenant,
                identity_id=id_,
                email=f"{id_}@example.com",
                password_hash="x",
                create_time=now,
                update_time=now,
            )
        )
    return id_


async def begun(db, tenant, identity_id):
    with bound(Scope(tenant, "shoppers/-", frozenset())):
        async with db.tenant() as session:
            return await sessions.begin(session, identity_id)


async def ids_of(db, identity_id):
    async with db.housekeeping() as session:
        statement = select(CustomerSession.session_id).where(
            CustomerSession.identity_id == identity_id
        )
        return set(await session.scalars(statement))


async def test_an_account_has_so_many_sessions_at_most(doors, monkeypatch):
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 3)
    owners = [(tenant, await new_identity(doors, tenant)) for tenant in ("paris", "lyon")]

    for tenant, identity_id in owners:
        made = [await begun(doors, tenant, identity_id) for _ in range(5)]

        assert await ids_of(doors, identity_id) == {*made[2:]}
    assert len(await ids_of(doors, owners[0][1])) == 3


async def test_sessions_that_are_over_are_removed_in_every_shop(doors):
    owners = [(tenant, await new_identity(doors, tenant)) for tenant in ("paris", "lyon")]
    for tenant, identity_id in owners:
        await begun(doors, tenant, identity_id)
    now = datetime.now(UTC)

    async with doors.housekeeping() as session:
        there = await session.scalar(select(func.count()).select_from(CustomerSession))
    assert await sessions.remove_ended(doors, now) == 0
    assert await sessions.remove_ended(doors, now + timedelta(days=2)) == there >= 2

    assert [await ids_of(doors, identity_id) for _, identity_id in owners] == [set(), set()]


async def test_a_login_with_a_password_that_is_replaced_meanwhile_is_refused(doors):
    """The reset has ended all sessions: none may begin after it with the password from before."""

    class Replaced:
        async def match(self, stored, password):
            async with doors.housekeeping() as session:
                for row in await session.scalars(select(Identity)):
                    row.password_hash = f"{row.password_hash} replaced"
            return True

    passwords: Any = Replaced()
    nothing: Any = None
    servicer = StoreCustomerServicer(doors, passwords, nothing, nothing, Attempts(doors))
    for tenant in ("paris", "lyon"):
        identity_id = await new_identity(doors, tenant)
        request = pb.LoginRequest(
            parent=f"tenants/{tenant}", email=f"{identity_id}@example.com", password=PASSWORD
        )
        shopper = Scope(tenant, "shoppers/-", frozenset())
        refused = pytest.raises(Unauthenticated, match="Invalid email")
        with bound(shopper, "souk.commerce.v1.StoreCustomerService/Login"), refused:
            await servicer.Login(request, None)
        assert await ids_of(doors, identity_id) == set()
