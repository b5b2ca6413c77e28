"""Hosts below the base domain: whose they are, and which are reserved."""

import pytest

from services.tenant_registry.tenants.rules import is_reserved, slug_of

BASE = "impactnutrition.com"


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("paris.impactnutrition.com", "paris"),
        ("impactnutrition.com", None),
        ("shop.paris.impactnutrition.com", None),
        ("impactnutrition.com.tn", None),
        ("parisimpactnutrition.com", None),
        ("paris.impactnutrition.com.example", None),
    ],
)
def test_one_label_below_the_base_domain_is_a_tenants_id(host, slug):
    assert slug_of(host, base=BASE) == slug


@pytest.mark.parametrize(
    ("host", "reserved"),
    [
        ("paris.impactnutrition.com", False),
        ("shop.paris.impactnutrition.com", False),
        ("lyon.impactnutrition.com", True),
        ("shop.lyon.impactnutrition.com", True),
        ("nobody-yet.impactnutrition.com", True),
        ("notparis.impactnutrition.com", True),
        ("impactnutrition.com", True),
        ("impactnutrition.com.tn", False),
        ("notimpactnutrition.com", False),
        ("paris.example", False),
    ],
)
def test_below_the_base_domain_a_tenant_has_its_own_name_alone(host, reserved):
    assert is_reserved(host, tenant="paris", base=BASE) is reserved
