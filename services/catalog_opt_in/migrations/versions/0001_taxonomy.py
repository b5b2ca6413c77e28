"""What products are found by, and what the head office offers of them.

Reversible: `downgrade` drops everything.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import create_kernel_tables, grant

revision = "0001"
down_revision = None

DATABASE = "catalog_opt_in"
PLATFORM = ("category", "collection", "offer", "product_type", "tag")


def upgrade() -> None:
    _create_tables()
    create_kernel_tables(op, DATABASE)
    for table in PLATFORM:
        grant(op, DATABASE, table, app="SELECT")


def downgrade() -> None:
    for table in ("audit_leaf", "request_record", *PLATFORM):
        op.execute(f"DROP TABLE {table}")


def _column(name: str, kind: TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _create_tables() -> None:
    op.create_table(
        "category",
        _column("category_id", Key),
        _column("title", sa.Text()),
        _column("title_key", Key),
        _column("handle", Key),
        _column("description", sa.Text()),
        _column("parent_id", Key, nullable=True),
        _column("rank", sa.Integer()),
        _column("depth", sa.Integer()),
        _column("version", sa.BigInteger()),
        _column("created_at", Time),
        _column("updated_at", Time),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["category.category_id"], name="fk_category_parent_id"
        ),
        sa.PrimaryKeyConstraint("category_id", name="pk_category"),
        sa.UniqueConstraint("handle", name="uq_category_handle"),
    )
    op.create_index("ix_category_parent_id", "category", ["parent_id"])
    op.create_table(
        "collection",
        _column("collection_id", Key),
        _column("title", sa.Text()),
        _column("title_key", Key),
        _column("handle", Key),
        _column("version", sa.BigInteger()),
        _column("created_at", Time),
        _column("updated_at", Time),
        sa.PrimaryKeyConstraint("collection_id", name="pk_collection"),
        sa.UniqueConstraint("handle", name="uq_collection_handle"),
    )
    op.create_table(
        "offer",
        _column("product_id", Key),
        _column("status", Key),
        _column("version", sa.BigInteger()),
        _column("document", sa.Text()),
        sa.PrimaryKeyConstraint("product_id", name="pk_offer"),
    )
    op.create_table(
        "product_type",
        _column("type_id", Key),
        _column("value", Key),
        sa.PrimaryKeyConstraint("type_id", name="pk_product_type"),
        sa.UniqueConstraint("value", name="uq_product_type_value"),
    )
    op.create_table(
        "tag",
        _column("tag_id", Key),
        _column("value", Key),
        sa.PrimaryKeyConstraint("tag_id", name="pk_tag"),
        sa.UniqueConstraint("value", name="uq_tag_value"),
    )
