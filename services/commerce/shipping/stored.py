"""The parts of zones and options that their rows keep as JSON; amounts are in minor units."""

from pydantic import BaseModel, ConfigDict

from services.commerce.pricing.conditions import Condition, Operator
from services.commerce.pricing.shipping import Area, ShippingPrice


class _Stored(BaseModel):
    # A field that an instance of the next version has written is kept from this one's eyes.
    model_config = ConfigDict(extra="ignore")


class StoredArea(_Stored):
    """An area of a zone; `type` is country, province, city or zip."""

    id: str
    type: str
    country_code: str
    province: str = ""
    city: str = ""
    postal_code: str = ""

    @property
    def area(self) -> Area:
        return Area(self.country_code, self.province, self.city, self.postal_code)


class StoredRule(_Stored):
    """A condition; its amounts are in major units, as texts."""

    id: str
    attribute: str
    operator: Operator
    values: list[str]

    @property
    def condition(self) -> Condition:
        return Condition(self.attribute, self.operator, tuple(self.values))


class StoredPrice(_Stored):
    """A price of an option; without a region, for any of its currency."""

    id: str
    currency_code: str
    region_id: str = ""
    amount: int
    rules: list[StoredRule] = []

    @property
    def price(self) -> ShippingPrice:
        return ShippingPrice(
            self.amount,
            self.currency_code,
            self.region_id or None,
            tuple(rule.condition for rule in self.rules),
        )
