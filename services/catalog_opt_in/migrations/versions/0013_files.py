"""What tenants have uploaded.

Reversible: `downgrade` drops the table; the bytes in the gateway's store stay.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("file_id", Key, nullable=False),
        sa.Column("media_type", Key, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sha256", Key, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by", Key, nullable=False),
        sa.CheckConstraint(
            "media_type IN ('JPEG', 'PNG', 'WEBP', 'GIF', 'AVIF')", name="ck_file_media_type"
        ),
        sa.CheckConstraint("size_bytes > 0", name="ck_file_size_bytes"),
        sa.PrimaryKeyConstraint("tenant_id", "file_id", name="pk_file"),
    )
    isolate(op, "catalog_opt_in", "file", app="SELECT, INSERT, DELETE", platform="SELECT")


def downgrade() -> None:
    op.drop_table("file")
