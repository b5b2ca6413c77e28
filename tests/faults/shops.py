"""Two shops, each with goods of its own name: a word of one in the other's answers shows."""

from typing import Any

import httpx

from deploy.local.platform import LocalPlatform

TENANTS = ("paris", "lyon")
HOSTS = {tenant: {"Host": f"{tenant}.impactnutrition.com"} for tenant in TENANTS}


def canary(tenant: str) -> str:
    """A word that only this tenant's answers may hold."""
    return f"canari-{tenant}"


def other_canary(tenant: str) -> str:
    """The other tenant's word."""
    return canary(next(other for other in TENANTS if other != tenant))


async def token(platform: LocalPlatform) -> str:
    login = {"email": platform.admin_email, "password": platform.admin_password}
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False) as client:
        answer = await client.post("/auth/user/emailpass", json=login)
    answer.raise_for_status()
    return str(answer.json()["token"])


async def open_shops(admin: httpx.AsyncClient) -> None:
    """Makes the tenants, a product for each that it alone opts in to, and opens them."""
    for tenant in TENANTS:
        about = {"country_code": "fr", "currency_code": "eur", "default_locale": "fr"}
        await _post(admin, "/admin/tenants", id=tenant, display_name=canary(tenant), **about)
        made = await _post(admin, "/admin/products", **_product(tenant))
        path = f"/admin/tenants/{tenant}"
        await _post(admin, f"{path}/products", product_id=made["id"])
        await _post(admin, f"{path}/activate")


def _product(tenant: str) -> dict[str, Any]:
    variant = {
        "sku": canary(tenant),
        "options": {"Taille": "1 kg"},
        "prices": [{"amount": 10, "currency_code": "eur"}],
        "manage_inventory": False,  # shoppers buy it for as long as a campaign lasts
    }
    return {
        "title": canary(tenant),
        "status": "published",
        "options": [{"title": "Taille", "values": ["1 kg"]}],
        "variants": [variant],
    }


async def _post(admin: httpx.AsyncClient, path: str, **body: object) -> dict[str, Any]:
    answer = await admin.post(path, json=body)
    assert answer.status_code == 200, answer.text
    (document,) = answer.json().values()
    return dict(document)
