"""Listings know the format of what is stored in them, and a search is for words in any order.

Text is folded anew: `python -m services.catalog_opt_in rerender` is due once every instance runs
the new version. Until then, text folded before is found and sorted as it was.

Reversible: `downgrade` brings the old search back.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from services.kernel.process import logs

revision = "0008"
down_revision = "0007"

DATABASE = "catalog_opt_in"

_STORE_PRODUCTS: str = import_module(
    "services.catalog_opt_in.migrations.versions.0004_storefront"
).STORE_PRODUCTS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_WHOLE_QUERY = "strpos(l.search, $10) > 0"
_EACH_WORD = (
    "NOT EXISTS (SELECT FROM unnest(string_to_array($10, '' '')) word"
    " WHERE strpos(l.search, word) = 0)"
)
STORE_PRODUCTS = _STORE_PRODUCTS.replace(_WHOLE_QUERY, _EACH_WORD)


def upgrade() -> None:
    op.add_column("listing", sa.Column("format", sa.Integer()))
    op.execute(STORE_PRODUCTS)
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def downgrade() -> None:
    op.execute(_STORE_PRODUCTS)
    op.drop_column("listing", "format")
