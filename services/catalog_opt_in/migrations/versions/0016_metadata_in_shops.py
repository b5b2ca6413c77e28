"""Shoppers read the metadata of collections and categories.

The functions of before stay: instances of the version before take no more columns than they know.

Reversible: `downgrade` drops the new functions.
"""

from importlib import import_module

from alembic import op

revision = "0016"
down_revision = "0015"

DATABASE = "catalog_opt_in"

_STOREFRONT = import_module("services.catalog_opt_in.migrations.versions.0004_storefront")


def _with_metadata(function: str, name: str) -> str:
    return (
        function.replace(f"store_{name}(", f"shown_{name}(")
        .replace("updated_at timestamptz)", "updated_at timestamptz, metadata text)")
        .replace("c.updated_at\n", "c.updated_at, c.metadata::text\n")
    )


FUNCTIONS = {
    "shown_collections": _with_metadata(_STOREFRONT.STORE_COLLECTIONS, "collections"),
    "shown_categories": _with_metadata(_STOREFRONT.STORE_CATEGORIES, "categories"),
}


def upgrade() -> None:
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
