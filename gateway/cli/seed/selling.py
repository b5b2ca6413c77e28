"""Sets up how the demo's shops sell, and lets their customers buy."""

import asyncio
from collections.abc import Sequence
from itertools import cycle

from gateway.cli.seed.api import Api, Document, SeedFailed
from gateway.cli.seed.counts import Counts, major
from gateway.cli.seed.data import Customer, SellingShop, ShippingOption

_MANUAL = "pp_system_default"


class Selling:
    """One run of the seed in one shop; what is there already stays unchanged."""

    def __init__(self, api: Api, shop: SellingShop, counts: Counts) -> None:
        self._api = api
        self._shop = shop
        self._counts = counts
        self._admin = f"/t/{shop['tenant']}/admin"
        self._store = f"/t/{shop['tenant']}/store"
        self._auth = f"/t/{shop['tenant']}/auth/customer/emailpass"

    async def everything(self, customers_password: str) -> None:
        """Sets the shop up; only then its customers, who log in with the password, buy."""
        await asyncio.gather(
            self._create_region(),
            self._create_tax(),
            self._create_shipping(),
            self._create_promotion(),
        )
        await asyncio.gather(
            *(self._sign_up(one, customers_password) for one in self._shop["customers"])
        )

    async def _create_region(self) -> None:
        """Stores the region that the tenant's settings stand for, which keeps its id."""
        path = f"{self._admin}/regions"
        stored = any(one["created_at"] for one in await self._api.all(path, "regions"))
        body = {
            "name": self._shop["region"]["name"],
            "automatic_taxes": True,
            "is_tax_inclusive": True,
            "payment_providers": [_MANUAL],
        }
        settings_region = f"{path}/reg_{self._shop['tenant']}"
        await self._create("regions", settings_region, body, exists=stored)

    async def _create_tax(self) -> None:
        tax = self._shop["tax"]
        path = f"{self._admin}/tax-regions"
        regions = await self._api.all(path, "tax_regions")
        rate = {key: tax[key] for key in ("name", "code", "rate")}
        body = {"country_code": tax["country_code"], "default_tax_rate": rate}
        exists = any(region["country_code"] == tax["country_code"] for region in regions)
        await self._create("tax regions", path, body, exists=exists)

    async def _create_shipping(self) -> None:
        path = f"{self._admin}/shipping-options"
        existing = {one["name"] for one in await self._api.all(path, "shipping_options")}
        missing = [one for one in self._shop["shipping"] if one["name"] not in existing]
        self._counts.existing["shipping options"] += len(existing)
        if not missing:
            return
        profile = await self._first("shipping-profiles", {"name": "Default", "type": "default"})
        zone = await self._service_zone()
        for option in missing:
            body = self._shipping_body(option, zone_id=zone["id"], profile_id=profile["id"])
            await self._create("shipping options", path, body)

    async def _service_zone(self) -> Document:
        fulfillment_set = await self._first(
            "fulfillment-sets", {"name": "Ship", "type": "shipping"}
        )
        if not fulfillment_set["service_zones"]:
            region = self._shop["region"]
            areas = [{"type": "country", "country_code": code} for code in region["countries"]]
            fulfillment_set = await self._api.post(
                f"{self._admin}/fulfillment-sets/{fulfillment_set['id']}/service-zones",
                {"name": region["name"], "geo_zones": areas},
            )
        return dict(fulfillment_set["service_zones"][0])

    def _shipping_body(self, option: ShippingOption, *, zone_id: str, profile_id: str) -> Document:
        currency = self._shop["region"]["currency_code"]
        return {
            "name": option["name"],
            "price_type": "flat",
            "service_zone_id": zone_id,
            "shipping_profile_id": profile_id,
            "provider_id": "manual_manual",
            "type": {"label": option["name"], "description": option["name"], "code": "standard"},
            "prices": [{"currency_code": currency, "amount": major(option["amount"])}],
            "rules": [
                {"attribute": "enabled_in_store", "operator": "eq", "value": "true"},
                {"attribute": "is_return", "operator": "eq", "value": "false"},
            ],
        }

    async def _create_promotion(self) -> None:
        path, promotion = f"{self._admin}/promotions", self._shop["promotion"]
        existing = {one["code"] for one in await self._api.all(path, "promotions")}
        body = {
            "code": promotion["code"],
            "type": "standard",
            "status": "active",
            "is_automatic": False,
            "application_method": {
                "type": "percentage",
                "target_type": "order",
                "allocation": "across",
                "value": promotion["percent"],
            },
        }
        await self._create("promotions", path, body, exists=promotion["code"] in existing)

    async def _sign_up(self, customer: Customer, password: str) -> None:
        """Gives a customer an account and orders, in a session of their own."""
        async with self._api.another() as shopper:
            credentials = {"email": customer["email"], "password": password}
            is_new = await shopper.register(self._auth, credentials)
            self._counts.add("customers", created=is_new)
            if is_new:
                await self._create_customer(shopper, customer)
                await shopper.log_in(self._auth, **credentials)
                address = self._address(customer)
                await shopper.post(f"{self._store}/customers/me/addresses", address)
            orders = await shopper.get(f"{self._store}/orders", limit=1)
            self._counts.existing["orders"] += orders["count"]
            if not orders["count"]:
                await self._buy(shopper, customer)

    async def _create_customer(self, shopper: Api, customer: Customer) -> None:
        body = {
            "email": customer["email"],
            "first_name": customer["first_name"],
            "last_name": customer["last_name"],
            "phone": customer["phone"],
        }
        await shopper.post(f"{self._store}/customers", body)

    async def _buy(self, shopper: Api, customer: Customer) -> None:
        """Places a customer's share of the orders, of one or two products each."""
        page = await shopper.get(
            f"{self._store}/products", limit=12, fields="variants.id", order="title"
        )
        variants = cycle(product["variants"][0]["id"] for product in page["products"])
        for number in range(self._shop["orders"] // len(self._shop["customers"])):
            items = [
                {"variant_id": next(variants), "quantity": 1 + number % 2}
                for _ in range(1 + number % 2)
            ]
            await self._place_order(shopper, customer, items)
            self._counts.created["orders"] += 1

    async def _place_order(
        self, shopper: Api, customer: Customer, items: Sequence[Document]
    ) -> None:
        address = self._address(customer)
        cart = await shopper.post(
            f"{self._store}/carts",
            {"items": items, "email": customer["email"], "shipping_address": address},
        )
        path = f"{self._store}/carts/{cart['id']}"
        options = await shopper.get(f"{self._store}/shipping-options", cart_id=cart["id"])
        option = options["shipping_options"][0]
        await shopper.post(f"{path}/shipping-methods", {"option_id": option["id"]})
        collections = f"{self._store}/payment-collections"
        collection = await shopper.post(collections, {"cart_id": cart["id"]})
        await shopper.post(
            f"{collections}/{collection['id']}/payment-sessions", {"provider_id": _MANUAL}
        )
        order = await shopper.post(f"{path}/complete")
        if "display_id" not in order:
            raise SeedFailed(f"{path}/complete returned a cart: what it costs changes all the time")

    def _address(self, customer: Customer) -> Document:
        address: Document = {key: value for key, value in customer.items() if key != "email"}
        return address | {"country_code": self._shop["region"]["countries"][0]}

    async def _first(self, plural: str, body: Document) -> Document:
        """Returns the first of a kind, created if there is none."""
        path = f"{self._admin}/{plural}"
        found = await self._api.all(path, plural.replace("-", "_"))
        return found[0] if found else await self._api.post(path, body)

    async def _create(self, kind: str, path: str, body: Document, *, exists: bool = False) -> None:
        if not exists:
            await self._api.post(path, body)
        self._counts.add(kind, created=not exists)
