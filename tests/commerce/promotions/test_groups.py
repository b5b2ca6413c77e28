"""Promotions for groups of customers: of those who are logged in, whatever a guest types."""

import uuid

import pytest

from tests.commerce.orders.test_checkout import complete, pay, ready
from tests.commerce.promotions.test_codes import codes

TENANTS = ("paris", "hq")


async def group_of(manager, *customers):
    """Makes a group of these customers; returns its path."""
    made = await manager.post("customer-groups", {"name": f"Club {uuid.uuid4().hex}"})
    path = f"customer-groups/{made['customer_group']['id']}"
    await manager.post(f"{path}/customers", {"add": [one.customer["id"] for one in customers]})
    return path


async def for_group(rows, tenant, path, **columns):
    """Makes a promotion without a code that only the customers of a group are given."""
    rule = {
        "id": "prorul_1",
        "attribute": "customer.groups.id",
        "operator": "in",
        "values": ["cusgroup_other", path.rpartition("/")[2]],
    }
    code = f"CLUB{uuid.uuid4().hex}"
    await rows.promotion(tenant, code, 20, **{"is_automatic": True, "rules": [rule], **columns})
    return code


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_group_is_given_its_promotion_until_somebody_leaves_it(
    shopper, staff, rows, tenant
):
    shop, manager = shopper(tenant), await staff(tenant)
    member, other = await shop.account(), await shop.account()
    path = await group_of(manager, member)
    club = await for_group(rows, tenant, path)

    cart = await ready(member, 1)
    assert club in codes(cart)
    assert club not in codes(await other.cart(1))
    order = (await complete(member, await pay(member, cart)))["order"]
    assert club in codes(order)
    cart = await member.cart(1)
    await manager.post(f"{path}/customers", {"remove": [member.customer["id"]]})
    changed = await member.post(f"/store/carts/{cart['id']}", {"metadata": {"a": 1}})
    assert club not in codes(changed["cart"])


@pytest.mark.parametrize("tenant", TENANTS)
async def test_the_address_of_a_member_gives_a_guest_nothing(shopper, staff, rows, tenant):
    """Medusa gives such a cart to the account, and with it the prices of its groups."""
    shop, manager = shopper(tenant), await staff(tenant)
    member = await shop.account()
    path = await group_of(manager, member)
    club, coded = (
        await for_group(rows, tenant, path),
        await for_group(rows, tenant, path, is_automatic=False),
    )

    cart = await shop.cart(1, email=member.customer["email"], promo_codes=[coded])

    assert {club, coded}.isdisjoint(codes(cart))
    assert cart["customer_id"] is None
    assert {club, coded} <= {*codes(await member.cart(1, promo_codes=[coded]))}


async def test_the_group_of_another_tenant_gives_nothing(shopper, staff, rows):
    email = f"{uuid.uuid4().hex}@example.com"
    accounts = {tenant: await shopper(tenant).account(email) for tenant in TENANTS}
    for own, elsewhere in (TENANTS, TENANTS[::-1]):
        path = await group_of(await staff(elsewhere), accounts[elsewhere])
        club = await for_group(rows, own, path)

        assert club not in codes(await accounts[own].cart(1))
