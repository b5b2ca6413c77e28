"""What carts ask of the catalogue: whether variants are sold, and at what price.

Offers gain prices for quantities and what is taken out of stock: `python -m services.catalog_opt_in
rerender` is due once every instance runs the new version; until then quotes are without them.

Reversible: `downgrade` drops the function.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.process import logs

revision = "0024"
down_revision = "0023"

DATABASE = "catalog_opt_in"

# One row for each visible product with any of the variants; one with a null offer where there is
# none, so that the version is always told. The limit makes each product a look-up of its own: else
# the plan that is kept for all tenants reads all listings of one, as if none had many.
STORE_QUOTES = """
CREATE FUNCTION store_quotes(p_tenant text, p_variants text[])
RETURNS TABLE (version bigint, currency text, offer text, own_prices jsonb)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT c.version, c.currency, shown.document, shown.own_prices
    FROM tenant_catalogue c LEFT JOIN (
      SELECT one.*
      FROM (SELECT DISTINCT v.product_id FROM offer_variant v
        WHERE v.variant_id = ANY (p_variants)) wanted
      CROSS JOIN LATERAL (
        SELECT o.document, (
          SELECT jsonb_object_agg(p.variant_id, p.amount_minor) FROM listing_price p
          WHERE p.tenant_id = p_tenant AND p.listing_id = l.listing_id) AS own_prices
        FROM listing l JOIN offer o ON o.product_id = l.listing_id
        WHERE l.tenant_id = p_tenant AND l.listing_id = wanted.product_id AND l.visible
        LIMIT 1) one) shown ON true
    WHERE c.tenant_id = p_tenant;
END $$
"""


def upgrade() -> None:
    op.execute(STORE_QUOTES)
    op.execute("REVOKE EXECUTE ON FUNCTION store_quotes FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION store_quotes TO {DATABASE}_app")
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def downgrade() -> None:
    op.execute("DROP FUNCTION store_quotes")
