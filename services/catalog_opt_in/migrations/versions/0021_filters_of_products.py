"""Indexes for the filters of the head office's products: by status, handle, codes and deletion.

Reversible: `downgrade` drops them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

DATABASE = "catalog_opt_in"

_INDEXES = (
    ("product", ("handle", "product_id"), None),
    ("product", ("status", "product_id"), None),
    ("product", ("product_id",), "is_giftcard"),
    ("product", ("deleted_at",), "deleted_at IS NOT NULL"),
    ("variant", ("sku", "product_id"), None),
    ("variant", ("barcode", "product_id"), "barcode <> ''"),
    ("variant", ("ean", "product_id"), "ean <> ''"),
    ("variant", ("upc", "product_id"), "upc <> ''"),
)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return "_".join(("ix", table, "tenant_id", *columns))


def upgrade() -> None:
    for table, columns, condition in _INDEXES:
        op.create_index(
            _name(table, columns),
            table,
            ["tenant_id", *columns],
            postgresql_where=sa.text(condition) if condition else None,
        )


def downgrade() -> None:
    for table, columns, _ in _INDEXES:
        op.drop_index(_name(table, columns))
