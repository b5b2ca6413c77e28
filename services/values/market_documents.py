"""Where a shop sells, as its shoppers read it: JSON in Medusa's shape.

The service that writes the documents and the gateway that describes them share these types, so
that they cannot differ.
"""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from services.values.cart_documents import MarketRegion
from services.values.store_documents import Metadata


class PaymentProvider(TypedDict):
    id: Annotated[str, Field(examples=["pp_system_default"])]
    is_enabled: bool


class StoreRegion(MarketRegion):
    """Countries that a shop sells to in one currency."""

    is_tax_inclusive: bool
    payment_providers: list[PaymentProvider]
    metadata: Metadata
