"""What shops of a real platform sell, and what gateways show of it."""

from tests.platform import metrics_of


async def opt_in(admin, shop, product):
    path = f"/admin/tenants/{shop}/products"
    (await admin.post(path, json={"product_id": product})).raise_for_status()


async def opt_out(admin, shop, product):
    (await admin.delete(f"/admin/tenants/{shop}/products/{product}")).raise_for_status()


async def listed(client, shop):
    answer = await client.get("/store/products", headers={"X-Tenant-ID": shop})
    answer.raise_for_status()
    return titles_in(answer)


def titles_in(answer):
    return [one["title"] for one in answer.json()["products"]]


async def counted(client, result):
    """Returns how many storefront reads a gateway has answered in a way, as its metrics say."""
    text = await metrics_of(client)
    line = f'souk_hot_answers_total{{result="{result}"}} '
    return sum(float(one.removeprefix(line)) for one in text.splitlines() if one.startswith(line))


async def retitle(admin, product, title, *, headers=None):
    """Changes what a product is called, in every shop that lists it."""
    path, body = f"/admin/products/{product}", {"title": title}
    (await admin.post(path, json=body, headers=headers)).raise_for_status()
