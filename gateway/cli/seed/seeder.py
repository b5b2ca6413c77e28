"""Adds the demo data: existing objects stay unchanged, missing ones are created."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, groupby

from gateway.cli.seed.api import Api, Document
from gateway.cli.seed.counts import Counts, major
from gateway.cli.seed.data import Category, Data, OptIn, Product, Tenant, Variant
from gateway.cli.seed.pictures import draw
from gateway.cli.seed.selling import Selling

SELLING_KINDS = (
    *("regions", "tax regions", "shipping options", "stock levels", "promotions"),
    *("customers", "orders"),
)

# Pictures in one upload.
_AT_ONCE = 10
# How many of each variant a tenant has, and rows in one request that says so.
_STOCKED = 10_000
_LEVELS_AT_ONCE = 200


class Seeder:
    """One run of the seed. The steps depend on each other; `everything` runs them in order."""

    def __init__(self, api: Api, data: Data, report: Callable[[str], None]) -> None:
        self._api = api
        self._data = data
        self._report = report
        self._counts = Counts()
        self._collections: dict[str, Document] = {}
        self._categories: dict[str, Document] = {}
        self._products: dict[str, Document] = {}

    async def everything(self, customers_password: str) -> Counts:
        await asyncio.gather(self._create_collections(), self._create_categories())
        await self._create_products()
        tenants = await self._api.all("/admin/tenants", "tenants", with_deleted="true")
        found = {tenant["id"]: tenant for tenant in tenants}
        await asyncio.gather(
            *(self._create_tenant(one, found.get(one["id"])) for one in self._data.tenants)
        )
        for kind in ("tenants", "domains", "opt-ins"):
            self._report(self._counts.summary(kind))
        shops = [Selling(self._api, shop, self._counts) for shop in self._data.selling]
        await asyncio.gather(*(shop.everything(customers_password) for shop in shops))
        for kind in SELLING_KINDS:
            self._report(self._counts.summary(kind))
        return self._counts

    async def _create_collections(self) -> None:
        self._collections = await self._by_handle("/admin/collections", "collections")
        await self._create_missing(
            "collections",
            "/admin/collections",
            self._collections,
            {
                one["handle"]: {"handle": one["handle"], "title": one["title"]}
                for one in self._data.collections
            },
        )
        self._report(self._counts.summary("collections"))

    async def _create_categories(self) -> None:
        """Creates the tree level by level, because a category needs its parent's id."""
        self._categories = await self._by_handle("/admin/product-categories", "product_categories")
        for level in levels(self._data.categories):
            bodies = {one["handle"]: self._category_body(one) for one in level}
            await self._create_missing(
                "categories", "/admin/product-categories", self._categories, bodies
            )
        self._report(self._counts.summary("categories"))

    async def _create_products(self) -> None:
        self._products = await self._by_handle("/admin/products", "products")
        bodies = {one["handle"]: self._product_body(one) for one in self._data.products}
        await self._add_pictures(bodies)
        await self._create_missing("products", "/admin/products", self._products, bodies)
        self._report(self._counts.summary("products"))

    async def _add_pictures(self, bodies: dict[str, Document]) -> None:
        """Draws and uploads the pictures of products that are missing, and adds them to bodies."""
        missing = [one for one in self._data.products if one["handle"] not in self._products]
        drawn = [(one, place) for one in missing for place in range(one["pictures"])]
        groups = [drawn[at : at + _AT_ONCE] for at in range(0, len(drawn), _AT_ONCE)]
        uploaded = await asyncio.gather(*map(self._upload, groups))
        for (product, _), file in zip(drawn, chain.from_iterable(uploaded), strict=True):
            images = bodies[product["handle"]].setdefault("images", [])
            images.append({"url": file["url"]})

    async def _upload(self, drawn: Sequence[tuple[Product, int]]) -> list[Document]:
        pictures = [draw(one["handle"], one["type"], place) for one, place in drawn]
        return await self._api.upload("/admin/uploads", pictures)

    async def _by_handle(self, path: str, plural: str) -> dict[str, Document]:
        return {one["handle"]: one for one in await self._api.all(path, plural)}

    async def _create_missing(
        self,
        kind: str,
        path: str,
        existing: dict[str, Document],
        bodies: Mapping[str, Document],
    ) -> None:
        missing = [key for key in bodies if key not in existing]
        created = await asyncio.gather(*(self._api.post(path, bodies[key]) for key in missing))
        existing.update(zip(missing, created, strict=True))
        self._counts.created[kind] += len(missing)
        self._counts.existing[kind] += len(bodies) - len(missing)

    def _category_body(self, category: Category) -> Document:
        parent = category.get("parent")
        return {
            "handle": category["handle"],
            "name": category["title"],
            "description": category.get("description", ""),
            "rank": category["rank"],
            "is_active": True,
            "parent_category_id": self._categories[parent]["id"] if parent else None,
        }

    def _product_body(self, product: Product) -> Document:
        return {
            "handle": product["handle"],
            "title": product["title"],
            "subtitle": product["subtitle"],
            "description": product["description"],
            "status": product["status"],
            "type": {"value": product["type"]},
            "tags": [{"value": tag} for tag in product["tags"]],
            "collection_id": self._collections[product["collection"]]["id"],
            "categories": [{"id": self._categories[one]["id"]} for one in product["categories"]],
            "options": [{"title": key, "values": some} for key, some in product["options"].items()],
            "variants": [variant_body(variant) for variant in product["variants"]],
        }

    async def _create_tenant(self, tenant: Tenant, existing: Document | None) -> None:
        """Creates a tenant, its domains and its opt-ins, and only then activates or suspends it."""
        if existing is None:
            existing = await self._api.post(
                "/admin/tenants", {"id": tenant["id"], **tenant.get("details", {})}
            )
            self._counts.created["tenants"] += 1
        else:
            self._counts.existing["tenants"] += 1
        if existing["state"] == "archived":
            self._report(f"{tenant['id']} is archived and left unchanged")
            return
        path = f"/admin/tenants/{tenant['id']}"
        await asyncio.gather(self._create_domains(path, tenant), self._create_opt_ins(path, tenant))
        await self._create_levels(tenant["id"])
        if existing["state"] == "provisioning":
            await self._api.post(f"{path}/plan", {"plan": tenant.get("plan", "standard")})
            act = "suspend" if tenant["state"] == "suspended" else "activate"
            await self._api.post(f"{path}/{act}")

    async def _create_domains(self, path: str, tenant: Tenant) -> None:
        domains = await self._api.get(f"{path}/domains")
        existing = {one["id"]: one for one in domains["domains"]}
        bodies = {host: {"host": host} for host in tenant["domains"]}
        await self._create_missing("domains", f"{path}/domains", existing, bodies)

    async def _create_opt_ins(self, path: str, tenant: Tenant) -> None:
        listed = await self._api.all(f"{path}/products", "products")
        existing = {one["product_id"]: one for one in listed}
        bodies = {
            self._products[one["handle"]]["id"]: self._opt_in_body(one)
            for one in tenant["products"]
        }
        await self._create_missing("opt-ins", f"{path}/products", existing, bodies)

    async def _create_levels(self, tenant: str) -> None:
        """Gives a tenant some of each variant that it has none of anywhere."""
        path = "/admin/inventory-items"
        items = await self._api.all(path, "inventory_items", tenant=tenant)
        rows = [
            {
                "inventory_item_id": item["id"],
                "location_id": f"sloc_{tenant}",
                "stocked_quantity": _STOCKED,
            }
            for item in items
            if not item["location_levels"]
        ]
        for at in range(0, len(rows), _LEVELS_AT_ONCE):
            body = {"create": rows[at : at + _LEVELS_AT_ONCE]}
            await self._api.send(f"{path}/location-levels/batch", body, tenant=tenant)
        self._counts.created["stock levels"] += len(rows)
        self._counts.existing["stock levels"] += len(items) - len(rows)

    def _opt_in_body(self, opt_in: OptIn) -> Document:
        product = self._products[opt_in["handle"]]
        ids = {variant["sku"]: variant["id"] for variant in product["variants"]}
        prices = opt_in.get("prices", {})
        return {
            "product_id": product["id"],
            "state": opt_in.get("state", "live"),
            "prices": [
                {"variant_id": ids[sku], "amount": major(price)} for sku, price in prices.items()
            ],
        }


def levels(categories: Iterable[Category]) -> list[list[Category]]:
    """Splits a tree, in which parents come first, into its levels from the top."""
    depths: dict[str, int] = {}
    for one in categories:
        depths[one["handle"]] = depths[one["parent"]] + 1 if "parent" in one else 0
    by_depth = sorted(categories, key=lambda one: depths[one["handle"]])
    return [list(level) for _, level in groupby(by_depth, key=lambda one: depths[one["handle"]])]


def variant_body(variant: Variant) -> Document:
    """Converts a variant to the admin API's body."""
    return {
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "weight": variant["weight"],
        "options": variant["options"],
        "prices": [
            {"currency_code": code.lower(), "amount": major(price)}
            for code, price in variant["prices"].items()
        ],
    }
