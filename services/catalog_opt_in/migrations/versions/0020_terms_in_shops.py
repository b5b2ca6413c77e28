"""Shoppers read the metadata of tags and types, and when they were made and last changed.

The functions of before stay: instances of the version before take no more columns than they know.

Reversible: `downgrade` drops the new functions.
"""

from importlib import import_module

from alembic import op

revision = "0020"
down_revision = "0019"

DATABASE = "catalog_opt_in"

_READS = import_module("services.catalog_opt_in.migrations.versions.0011_store_reads")


def _with_details(function: str, name: str) -> str:
    return (
        function.replace(f"store_{name}(", f"shown_{name}(")
        .replace(
            "value text)",
            "value text, created_at timestamptz,\n  updated_at timestamptz, metadata text)",
        )
        .replace("t.value\n", "t.value, t.created_at, t.updated_at, t.metadata::text\n")
    )


FUNCTIONS = {
    "shown_tags": _with_details(_READS.STORE_TAGS, "tags"),
    "shown_types": _with_details(_READS.STORE_TYPES, "types"),
}


def upgrade() -> None:
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
