"""A tenant's configuration as Medusa's store."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.documents.region import region_id
from gateway.documents.sales_channel import channel_id
from gateway.documents.scalars import CreatedAt, Etag, UpdatedAt
from gateway.documents.tenant import DisplayName, Locale, Settings
from gateway.medusa.shapes import WHOLE, Body, Document, From, NotInMessage, optional
from gateway.medusa.values import last_id
from services.kernel.call.errors import InvalidArgument, invalid

PREFIX = "store_"


class StoreCurrency(BaseModel):
    currency_code: str = Field(description="Lower case.", examples=["eur"])
    is_default: bool
    is_tax_inclusive: bool = Field(description="Always false: there are no taxes yet.")


class StoreLocale(BaseModel):
    locale_code: Locale


class StoreCurrencyBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    currency_code: str
    is_default: bool = False
    is_tax_inclusive: bool = False


class StoreLocaleBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    locale_code: Locale


def _locale_code(locale: StoreLocaleBody) -> str:
    return locale.locale_code


class StoreUpdate(Body[Tenant]):
    """The fields of a store to update. What is fixed may be sent as it is."""

    name: Annotated[DisplayName, From("display_name")] = optional()
    metadata: Annotated[Settings | None, From("settings")] = None
    supported_locales: Annotated[list[StoreLocaleBody], From(write=_locale_code)] = optional(
        description="Must include the tenant's default locale."
    )
    supported_currencies: Annotated[list[StoreCurrencyBody], NotInMessage("currency_code")] = (
        optional(description="Fixed: the tenant's currency, as the default.")
    )
    default_sales_channel_id: Annotated[str, NotInMessage()] = optional(
        description="Fixed: the tenant's own."
    )
    default_region_id: Annotated[str, NotInMessage()] = optional(
        description="Fixed: the tenant's own."
    )
    default_location_id: Annotated[str | None, NotInMessage()] = optional(
        description="Fixed: null, as there are no stock locations yet."
    )

    def check_fixed(self, tenant: str, *, currency: str, locale: str) -> None:
        """Refuses other values than the tenant's: its currency, default locale, and own ids.

        Raises:
            InvalidArgument: STORE_INVALID or FIELD_IMMUTABLE, naming the keys.
        """
        fixed = {
            "default_sales_channel_id": channel_id(tenant),
            "default_region_id": region_id(tenant),
            "default_location_id": None,
        }
        violations = {
            key: f"must be {value or 'null'}"
            for key, value in fixed.items()
            if key in self.model_fields_set and getattr(self, key) != value
        }
        if "supported_currencies" in self.model_fields_set:
            currencies = self.supported_currencies
            if not any(one.is_default for one in currencies):
                text = "There should be a default currency set for the store"
                raise InvalidArgument(
                    "STORE_INVALID", text, {"supported_currencies": "must have a default one"}
                )
            if [one.currency_code.lower() for one in currencies] != [currency.lower()]:
                violations["supported_currencies"] = f"must be {currency.lower()} alone"
            if any(one.is_tax_inclusive for one in currencies):
                violations["supported_currencies[0].is_tax_inclusive"] = "must be false"
        locales = self.supported_locales if "supported_locales" in self.model_fields_set else None
        if locales is not None and locale not in [one.locale_code for one in locales]:
            violations["supported_locales"] = f"must include {locale}, the default locale"
        if violations:
            raise invalid("FIELD_IMMUTABLE", violations)


def _store_id(name: str) -> str:
    return f"{PREFIX}{last_id(name)}"


def _currency(code: str) -> list[dict[str, object]]:
    return [{"currency_code": code.lower(), "is_default": True, "is_tax_inclusive": False}]


def _locale(code: str) -> dict[str, str]:
    return {"locale_code": code}


class StoreDocument(Document[Tenant]):
    """A tenant's configuration."""

    id: Annotated[str, From("name", _store_id)] = Field(examples=["store_paris"])
    name: Annotated[str, From("display_name")]
    supported_currencies: Annotated[list[StoreCurrency], From("currency_code", _currency)]
    supported_locales: Annotated[list[StoreLocale], From(read=_locale)]
    default_sales_channel_id: Annotated[str, From("name", channel_id)]
    default_region_id: Annotated[str, From("name", region_id)]
    default_location_id: Annotated[str | None, From(WHOLE, lambda _: None)]
    metadata: Annotated[dict[str, Any] | None, From("settings")] = Field(
        description="The tenant's settings."
    )
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
