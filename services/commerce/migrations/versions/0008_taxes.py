"""Where a tenant charges taxes, and at which rates.

Reversible: `downgrade` drops all three.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "tax_region",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("tax_region_id", Key, nullable=False),
        sa.Column("country_code", Key, nullable=False),
        sa.Column("province_code", Key, nullable=False),
        sa.Column("parent_id", Key, nullable=True),
        *_changing_columns(),
        sa.PrimaryKeyConstraint("tenant_id", "tax_region_id", name="pk_tax_region"),
        sa.UniqueConstraint(
            "tenant_id",
            "country_code",
            "province_code",
            name="uq_tax_region_tenant_id_country_code_province_code",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["tax_region.tenant_id", "tax_region.tax_region_id"],
            name="fk_tax_region_tenant_id_parent_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_tax_region_parent", "tax_region", ["tenant_id", "parent_id"])
    isolate(op, "commerce", "tax_region")
    op.create_table(
        "tax_rate",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("tax_rate_id", Key, nullable=False),
        sa.Column("tax_region_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(7, 4), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_combinable", sa.Boolean(), nullable=False),
        *_changing_columns(),
        sa.PrimaryKeyConstraint("tenant_id", "tax_rate_id", name="pk_tax_rate"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tax_region_id"],
            ["tax_region.tenant_id", "tax_region.tax_region_id"],
            name="fk_tax_rate_tenant_id_tax_region_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_tax_rate_region", "tax_rate", ["tenant_id", "tax_region_id"])
    op.create_index(
        "ix_tax_rate_default",
        "tax_rate",
        ["tenant_id", "tax_region_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    isolate(op, "commerce", "tax_rate")
    op.create_table(
        "tax_rate_rule",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("tax_rate_id", Key, nullable=False),
        sa.Column("reference", Key, nullable=False),
        sa.Column("reference_id", Key, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "tax_rate_id", "reference", "reference_id", name="pk_tax_rate_rule"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "tax_rate_id"],
            ["tax_rate.tenant_id", "tax_rate.tax_rate_id"],
            name="fk_tax_rate_rule_tenant_id_tax_rate_id",
            ondelete="CASCADE",
        ),
    )
    isolate(op, "commerce", "tax_rate_rule")


def _changing_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
    ]


def downgrade() -> None:
    for table in ("tax_rate_rule", "tax_rate", "tax_region"):
        op.execute(f"DROP TABLE {table}")
