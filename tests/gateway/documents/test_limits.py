"""How much a body may hold: declared in the contract, and documented from there alone."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from services.kernel.call.limits import declared_limits
from tests.gateway.documents.declared import BODIES

# What has a form of its own, or is looked up: a longer text is none that exists. The form, and the
# services, refuse it.
FORMED = {
    "souk.tenant_registry.v1.ApiKey.permissions",
    "souk.tenant_registry.v1.CreateDomainRequest.host",
    "souk.tenant_registry.v1.Role.permissions",
    "souk.tenant_registry.v1.Tenant.cors_origins",
    "souk.tenant_registry.v1.Tenant.country_code",
    "souk.tenant_registry.v1.Tenant.currency_code",
    "souk.tenant_registry.v1.Tenant.default_locale",
    "souk.tenant_registry.v1.Tenant.supported_locales",
    "souk.tenant_registry.v1.Tenant.time_zone",
    "google.type.Money.currency_code",
}
TOKENS = {
    "souk.tenant_registry.v1.AcceptOwnInviteRequest.token",
    "souk.tenant_registry.v1.RefreshSessionRequest.refresh_token",
    "souk.tenant_registry.v1.SetPasswordRequest.token",
}
NAMES = {
    "souk.commerce.v1.InventoryLevelRow.inventory_item_id",
    "souk.commerce.v1.InventoryLevelRow.location_id",
    "souk.catalog_opt_in.v1.BatchChangeListingsRequest.deletes",
    "souk.catalog_opt_in.v1.BatchChangeProductsRequest.deletes",
    "souk.catalog_opt_in.v1.ChangeCategoryProductsRequest.adds",
    "souk.catalog_opt_in.v1.ChangeCategoryProductsRequest.removes",
    "souk.catalog_opt_in.v1.ChangeCollectionProductsRequest.adds",
    "souk.catalog_opt_in.v1.ChangeCollectionProductsRequest.removes",
    "souk.catalog_opt_in.v1.Category.parent",
    "souk.catalog_opt_in.v1.ConditionalPrice.id",
    "souk.catalog_opt_in.v1.Image.id",
    "souk.catalog_opt_in.v1.Listing.product",
    "souk.catalog_opt_in.v1.Option.id",
    "souk.catalog_opt_in.v1.PriceListPrice.id",
    "souk.catalog_opt_in.v1.PriceListPrice.variant",
    "souk.catalog_opt_in.v1.Product.categories",
    "souk.catalog_opt_in.v1.Product.collection",
    "souk.catalog_opt_in.v1.Product.name",
    "souk.catalog_opt_in.v1.BatchChangeTranslationsRequest.deletes",
    "souk.catalog_opt_in.v1.RemovePriceListProductsRequest.products",
    "souk.catalog_opt_in.v1.Translation.name",
    "souk.catalog_opt_in.v1.Variant.id",
    "souk.catalog_opt_in.v1.VariantPrice.variant",
    "souk.tenant_registry.v1.Assignment.admin",
    "souk.tenant_registry.v1.Assignment.role",
    "souk.tenant_registry.v1.Invite.role",
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_has_no_limits_of_its_own(body):
    """Pydantic's would refuse with another code, and one day with another number."""
    for name, field in body.model_fields.items():
        assert "max_length" not in str([field.annotation, field.metadata]), name


def test_the_contract_limits_every_text_that_has_no_form():
    last = {
        field.in_contract[-1] for body in BODIES for field in body.declared if field.in_contract
    }
    texts = {field for field in last if field.type == FieldDescriptor.TYPE_STRING}

    unlimited = {text.full_name for text in texts if not declared_limits(text).most_characters}

    assert unlimited == FORMED | TOKENS | NAMES
