"""Products carry all that Medusa's do, and a deleted one is kept: its handle and SKUs are free.

`python -m services.catalog_opt_in rerender` is due once every instance runs the new version; until
then shoppers see the products without the new fields.

Reversible: `downgrade` removes deleted products for good.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.process import logs

revision = "0018"
down_revision = "0017"

DATABASE = "catalog_opt_in"

_TEXT = sa.Text()
_UNIQUE = {"product": "handle", "variant": "sku"}
_NOT_DELETED = sa.text("deleted_at IS NULL")


def _text(name: str, kind: sa.types.TypeEngine[str] = _TEXT) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default="")


def _whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _flag(name: str, *, default: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=str(default).lower())


def _list(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSONB, nullable=False, server_default="[]")


def _goods() -> list[sa.Column[Any]]:
    return [
        _whole("length"),
        _whole("width"),
        _whole("height"),
        _text("hs_code"),
        _text("mid_code"),
        _text("origin_country"),
        _text("material"),
        sa.Column("metadata", JSONB),
        sa.Column("deleted_at", Time),
    ]


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "product": [
            *_goods(),
            _text("external_id", Key),
            _flag("discountable", default=True),
            _flag("is_giftcard", default=False),
            _whole("weight"),
            _text("shipping_profile_id", Key),
        ],
        "variant": [
            *_goods(),
            _text("ean", Key),
            _text("upc", Key),
            _flag("manage_inventory", default=True),
            _flag("allow_backorder", default=False),
            _list("conditional_prices"),
            _list("inventory_items"),
        ],
        "product_image": [sa.Column("metadata", JSONB)],
        **{
            table: [
                sa.Column("metadata", JSONB),
                sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
                sa.Column("updated_at", Time),
            ]
            for table in ("tag", "product_type")
        },
    }


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for table, unique in _UNIQUE.items():
        op.drop_constraint(f"uq_{table}_tenant_id_{unique}", table)
        op.create_index(
            f"ix_{table}_tenant_id_{unique}",
            table,
            ["tenant_id", unique],
            unique=True,
            postgresql_where=_NOT_DELETED,
        )
    _index("product", "external_id", where="external_id <> ''")
    _index("product", "type_id", where="type_id IS NOT NULL")
    _index("product_tag", "tag_id", "product_id")
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def _index(table: str, *columns: str, where: str | None = None) -> None:
    op.create_index(
        f"ix_{table}_tenant_id_{'_'.join(columns)}",
        table,
        ["tenant_id", *columns],
        postgresql_where=sa.text(where) if where else None,
    )


def downgrade() -> None:
    op.execute("DELETE FROM product WHERE deleted_at IS NOT NULL")
    op.drop_index("ix_product_tag_tenant_id_tag_id_product_id")
    op.drop_index("ix_product_tenant_id_type_id")
    op.drop_index("ix_product_tenant_id_external_id")
    for table, unique in _UNIQUE.items():
        op.drop_index(f"ix_{table}_tenant_id_{unique}")
        op.create_unique_constraint(f"uq_{table}_tenant_id_{unique}", table, ["tenant_id", unique])
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
