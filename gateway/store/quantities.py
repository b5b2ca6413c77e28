"""Where answers about products say how many there are: the hot layer counts them.

Stock changes with each sale, and what is kept in memory of the catalogue must not.
"""

from collections.abc import Callable
from typing import Any

from fastapi import Request

from gateway.medusa.places import PLACE
from gateway.request_state import state_of


def of_variants(request: Request) -> Callable[[dict[str, Any]], None]:
    """Returns what makes a place in a variant for its quantity, if it is counted."""
    counted = state_of(request).counted_variants

    def complete(variant: dict[str, Any]) -> None:
        variant["inventory_quantity"] = None
        if variant["manage_inventory"]:
            variant["inventory_quantity"] = PLACE
            counted.append(variant["id"])

    return complete


def of_products(request: Request) -> Callable[[dict[str, Any]], None]:
    """Returns what does so in all variants of a product."""
    of_variant = of_variants(request)

    def complete(product: dict[str, Any]) -> None:
        for variant in product["variants"]:
            of_variant(variant)

    return complete
