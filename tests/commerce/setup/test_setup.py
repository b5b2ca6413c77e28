"""What staff set up is what the next change of a cart is priced by, in their shop alone."""

from tests.commerce.markets.conftest import both  # noqa: F401  # fixture
from tests.gateway.admin.conftest import engage, make_tenant, tenants  # noqa: F401  # fixtures


async def test_a_change_of_the_setup_is_in_force_at_the_next_change_of_a_cart(both, http, admin):  # noqa: F811
    async def region(staff):
        answer = await http.post(f"/t/{staff.tenant}/store/carts", json={})
        assert answer.status_code == 200, answer.text
        return answer.json()["cart"]["region"]

    async def name_in_cart(staff):
        return (await region(staff))["name"]

    paris, lyon = both
    for staff in both:
        (await admin.post(f"/admin/tenants/{staff.tenant}/activate")).raise_for_status()
    # Before staff have set up anything, all versions are alike.
    assert [(await region(staff))["id"] for staff in both] == [f"reg_{s.tenant}" for s in both]
    ours = await paris.create("fr", name="Before")
    foreign = await lyon.create("fr", name="Elsewhere")
    assert [await name_in_cart(staff) for staff in both] == ["Before", "Elsewhere"]

    for name in ("Once", "Twice"):
        await paris.done("POST", f"/{ours['id']}", {"name": name})
        assert [await name_in_cart(staff) for staff in both] == [name, "Elsewhere"]

    await lyon.send("DELETE", f"/{foreign['id']}")
    assert [await name_in_cart(staff) for staff in both] == ["Twice", "France"]
