"""Limits in words: wherever one is written, it is the number that the code or the contract has."""

import re
from pathlib import Path

import pytest
from souk.catalog_opt_in.v1 import product_pb2
from souk.catalog_opt_in.v1.catalog_service_pb2 import ListProductsRequest
from souk.tenant_registry.v1 import access_service_pb2, tenant_pb2

from gateway.edge import sizes
from gateway.medusa import bodies, forms, headers, query
from gateway.pictures import formats
from gateway.settings import GatewaySettings
from services.catalog_opt_in import batches, folding
from services.catalog_opt_in.files import rules as files
from services.catalog_opt_in.taxonomy import members
from services.catalog_opt_in.taxonomy import rules as taxonomy
from services.catalog_opt_in.taxonomy.categories import relatives
from services.kernel.call import limits, recorded_events, redaction
from services.kernel.call.limits import most_characters, most_entries
from services.kernel.process import tenant_ids
from services.tenant_registry.accounts import queries, rules, session_queries
from services.tenant_registry.roles import access_grants, effects, role_rules
from services.tenant_registry.tenants import fields
from services.tenant_registry.tenants import rules as tenants
from services.values import emails, passwords
from tests.isolation.operations import described

ROOT = Path(__file__).resolve().parents[2]
API, COLUMNS, DOCUMENTS = "docs/api.md", "docs/data-dictionary.md", "gateway/documents"
KIB = 1024
MINUTES = int(access_grants.LONGEST.total_seconds()) // 60
KEYS = tenants.LIVE_KEYS_LIMIT
PRODUCT = {
    field: most_entries(product_pb2.Product, field)
    for field in ("options", "variants", "images", "tags", "categories")
}
HEADERS = [sizes.MAX_HEADERS, sizes.MAX_HEADER_BYTES // KIB]
UPLOAD_MIB = GatewaySettings.model_fields["upload_bytes"].default // KIB**2
IN_WORDS = [
    (f"{DOCUMENTS}/access.py", "1 to {}.", [MINUTES]),
    (f"{DOCUMENTS}/account.py", "At least {} characters", [passwords.PASSWORD_SHORTEST]),
    (f"{DOCUMENTS}/event.py", "up to {} characters", [redaction.LONGEST_USER_AGENT]),
    (f"{DOCUMENTS}/listing.py", "At most {} rows", [batches.MOST_ROWS]),
    (f"{DOCUMENTS}/product_bodies.py", "At most {} rows", [batches.MOST_ROWS]),
    (f"{DOCUMENTS}/role.py", "up to {} holders", [effects.LIMIT]),
    (f"{DOCUMENTS}/tenant.py", "at most {} KiB", [fields.SETTINGS_BYTES // KIB]),
    ("gateway/admin/access.py", "up to {} minutes", [MINUTES]),
    ("gateway/admin/domains.py", "at most {}.", [tenants.DOMAINS_LIMIT]),
    ("gateway/accounts/sessions.py", "up to {}.", [session_queries._MOST_LISTED]),
    (API, "`minutes` up to {} ", [MINUTES]),
    (API, "up to {} opt-ins", [batches.MOST_ROWS]),
    (API, "up to {} products", [batches.MOST_ROWS]),
    (API, "At most {} rows", [batches.MOST_ROWS]),
    (API, "at most {} uploaded files", [files.MOST_FILES]),
    (API, "and {} uploaded files", [files.MOST_FILES]),
    (API, "up to {} variants created", [PRODUCT["variants"]]),
    (
        API,
        "a product has at most {} variants and {} options",
        [PRODUCT["variants"], PRODUCT["options"]],
    ),
    (API, "up to {} [texts in other languages]", [batches.MOST_ROWS]),
    (API, "ids of products, at most {}; all or none", [batches.MOST_ROWS]),
    (API, "it contains a category, or more than {} products", [batches.MOST_ROWS]),
    (API, "COLLECTION_IN_USE | it contains more than {} products", [batches.MOST_ROWS]),
    (API, "PRODUCT_TAG_IN_USE | more than {} products", [batches.MOST_ROWS]),
    (API, "PRODUCT_TYPE_IN_USE | more than {} products", [batches.MOST_ROWS]),
    (API, "at most {} others directly below it", [taxonomy.MOST_CHILDREN]),
    (API, "more than {} categories are below", [relatives.MOST_DESCENDANTS]),
    (API, "adds up to {} products", [members.MOST_PRODUCTS]),
    (API, "up to {} [pictures]", [forms.MOST_FILES]),
    (API, "{} million pixels", [files.MOST_PIXELS // 10**6]),
    (API, "no side has more than {} ", [formats._LONGEST_SIDE]),
    (API, "At most {} MiB in one request", [UPLOAD_MIB]),
    (API, "an upload of more than {} MiB", [UPLOAD_MIB]),
    (API, "uploads {} MiB and a minute", [UPLOAD_MIB]),
    (API, "Up to {} filters each", [query._MOST_CONDITIONS]),
    (API, "A session lasts at most {} days", [rules.SESSION_LIFETIME.days]),
    (API, "more than {} headers, or more than {} KiB", HEADERS),
    (API, "TARGET_TOO_LONG | more than {} KiB", [sizes.MAX_TARGET_BYTES // KIB]),
    ("docs/medusa.md", "all rows or none, at most {}; without", [batches.MOST_ROWS]),
    ("docs/medusa.md", "all rows or none, at most {} |", [PRODUCT["variants"]]),
    ("docs/medusa.md", "at most {} at once, all or none", [batches.MOST_ROWS]),
    ("docs/medusa.md", "`*products` adds up to {} |", [members.MOST_PRODUCTS]),
    (API, "`limit` is 1 to {},", [limits.MOST_ROWS]),
    (API, "`offset` is at most {},", [limits.MOST_SKIPPED]),
    (API, "`q` has at most {} characters", [most_characters(ListProductsRequest, "query")]),
    (API, "up to {} printable ASCII", [headers.LONGEST_KEY]),
    (API, "not 1 to {} printable ASCII", [headers.LONGEST_KEY]),
    (API, "(up to {}, comma-separated)", [recorded_events._MOST]),
    (API, "a slug of 1 to {} characters", [tenant_ids.LONGEST]),
    (API, "the tree is at most {} deep", [taxonomy.MOST_LEVELS]),
    (
        API,
        "at least {} characters and at most {} bytes",
        [passwords.PASSWORD_SHORTEST, passwords.PASSWORD_LIMIT],
    ),
    (API, "the password with at most {} bytes", [passwords.PASSWORD_LIMIT]),
    (API, "{} live secret keys and {} publishable", [KEYS["SECRET"], KEYS["PUBLISHABLE"]]),
    (API, "at most {} live secret keys.", [KEYS["SECRET"]]),
    (API, "at most {} live publishable keys", [KEYS["PUBLISHABLE"]]),
    (API, "at most {} pending invites", [queries.INVITES_LIMIT]),
    (API, "at most {} roles", [role_rules.MOST_ROLES]),
    (API, "at most {} domains", [tenants.DOMAINS_LIMIT]),
    (
        API,
        "Bodies have at most {} MiB and {} levels",
        [sizes.MAX_BODY_BYTES // KIB**2, bodies.MOST_LEVELS],
    ),
    (
        API,
        "headers {}, together {} KiB; targets {} KiB; pages {} items",
        [
            *HEADERS,
            sizes.MAX_TARGET_BYTES // KIB,
            limits.MOST_ROWS,
        ],
    ),
    (
        API,
        "{} options, {} variants, {} images, {} tags and {} categories",
        list(PRODUCT.values()),
    ),
    (
        API,
        "a tenant {} domains, {} locales and {} KiB of settings",
        [
            tenants.DOMAINS_LIMIT,
            most_entries(tenant_pb2.Tenant, "supported_locales"),
            fields.SETTINGS_BYTES // KIB,
        ],
    ),
    (COLUMNS, "its storefront, at most {} KiB", [fields.SETTINGS_BYTES // KIB]),
    (COLUMNS, "for at most {} minutes", [MINUTES]),
    (COLUMNS, "at most {} characters, for sorting", [folding.SORT_KEY_LENGTH]),
    ("docs/access.md", "have at least {} characters", [passwords.PASSWORD_SHORTEST]),
    ("docs/access.md", "up to {} minutes", [MINUTES]),
]


@pytest.mark.parametrize(("page", "words", "numbers"), IN_WORDS, ids=lambda part: str(part)[:40])
def test_a_limit_in_words_is_the_one_that_holds(page, words, numbers):
    text = " ".join((ROOT / page).read_text().split())

    assert words.format(*(f"{number:,}" for number in numbers)) in text


def test_the_size_of_a_page_without_a_limit_is_listed_for_each_route():
    """Those that are not listed have the first size."""
    text = " ".join((ROOT / API).read_text().split())
    [(first, rest)] = re.findall(r"A page without `limit` has (\d+) documents, (.*?)\. ", text)
    listed = {
        route: int(size)
        for size, routes in re.findall(r"(\d+) in ([^;]*)", rest)
        for route in re.findall(r"`(/[^`]+)`", routes)
    }
    served = {
        path: parameter["schema"]["default"]
        for path, operations in described()["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", ())
        if parameter["name"] == "limit"
    }

    assert {path: size for path, size in served.items() if size != int(first)} == listed


def test_documents_repeat_no_limit_but_these():
    """What else a body may hold is an option in the contract, which OpenAPI shows from there."""
    a_limit = r"(?:most|least|up to|\d to) \d[\d,]*|\d[\d,]* (?:characters|bytes|entries)"
    known = {
        (page, words.format(*(f"{number:,}" for number in numbers)))
        for page, words, numbers in IN_WORDS
    }
    for path in sorted((ROOT / DOCUMENTS).glob("*.py")):
        page = str(path.relative_to(ROOT))
        for found in re.findall(a_limit, path.read_text(), re.IGNORECASE):
            assert any(found in words for where, words in known if where == page), (page, found)


@pytest.mark.parametrize(
    ("constant", "declared"),
    [
        (emails.EMAIL_LIMIT, most_characters(access_service_pb2.Admin, "email")),
        (passwords.PASSWORD_LIMIT, most_characters(access_service_pb2.LoginRequest, "password")),
    ],
)
def test_a_rule_that_repeats_the_contract_has_its_number(constant, declared):
    """Rules know no contract: they hold for what comes from elsewhere, too."""
    assert constant == declared
