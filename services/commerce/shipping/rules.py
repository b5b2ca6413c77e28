"""What a tenant has set up of shipping, as far as carts need it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.commerce.pricing.conditions import Condition, Context, all_hold
from services.commerce.pricing.shipping import Address, ShippingOption, offered, price

IN_STORE: Context = {"enabled_in_store": ("true",), "is_return": ("false",)}
"""What holds of each option that shoppers may be offered."""
MANUAL = "manual_manual"
"""The provider that asks nobody: the tenant's own people ship."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Goods that are shipped alike; products name it by its id or by its type."""

    id: str
    type: str


@dataclass(frozen=True, slots=True)
class Option:
    """An option: what decides on it, and what its document says besides prices."""

    rule: ShippingOption
    name: str
    document: dict[str, Any]
    location_id: str | None = None
    """From where it ships; None if that may be anywhere."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """An option that a cart is offered, with what it costs there."""

    option: Option
    amount: int


@dataclass(frozen=True, slots=True)
class Shipping:
    """Profiles and options, oldest first."""

    profiles: Sequence[Profile] = ()
    options: Sequence[Option] = ()

    @property
    def is_set_up(self) -> bool:
        """Whether shoppers could be offered anything, wherever they are and whatever they buy."""
        return any(
            is_in_store(option.rule.conditions) and option.rule.prices for option in self.options
        )

    def profile_of(self, named: str) -> str:
        """Returns the profile that a product names; the first, if it names none of the tenant's."""
        for profile in self.profiles:
            if named and named in (profile.id, profile.type):
                return profile.id
        return self.profiles[0].id if self.profiles else ""

    def quoted(
        self, address: Address | None, context: Context, *, currency_code: str, region_id: str
    ) -> list[Quoted]:
        """Returns the options for a cart, in their order, with what they cost."""
        context = {**context, **IN_STORE}
        found = []
        for option in self.options:
            if not offered([option.rule], address, context):
                continue
            amount = price(
                option.rule, currency_code=currency_code, region_id=region_id, context=context
            )
            if amount is not None:
                found.append(Quoted(option, amount))
        return found


def is_in_store(conditions: Iterable[Condition]) -> bool:
    """Tells whether shoppers may be offered what has these conditions, of whatever cart."""
    return all_hold((one for one in conditions if one.attribute in IN_STORE), IN_STORE)


def is_for_staff(conditions: Iterable[Condition]) -> bool:
    """Tells whether shoppers are never offered what has these conditions."""
    return not all_hold((c for c in conditions if c.attribute == "enabled_in_store"), IN_STORE)


def is_for_returns(conditions: Iterable[Condition]) -> bool:
    """Tells whether what has these conditions brings goods back."""
    of_returns = [one for one in conditions if one.attribute == "is_return"]
    return bool(of_returns) and all_hold(of_returns, {"is_return": ("true",)})
