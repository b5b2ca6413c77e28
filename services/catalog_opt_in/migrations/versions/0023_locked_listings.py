"""What an opt-in, a change of a listing and an opt-out begin with, in one round trip.

Reversible: `downgrade` drops the function.
"""

from alembic import op

revision = "0023"
down_revision = "0022"

DATABASE = "catalog_opt_in"

# The locks come first, and each statement after them sees what is committed by then: in one with
# them, the offer would be read as it was before the wait.
LOCKED_LISTING = """
CREATE FUNCTION locked_listing(p_tenant text, p_product text)
RETURNS TABLE (offer text, listing_id text, state text, product_status text, priced boolean,
  visible boolean, title text, handle text, thumbnail text, version bigint,
  created_at timestamptz, updated_at timestamptz, own text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  held listing;
  prices text;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('products', 0)),
    pg_advisory_xact_lock_shared(hashtextextended('product/' || p_product, 0));
  SELECT l.* INTO held FROM listing l
    WHERE l.tenant_id = p_tenant AND l.listing_id = p_product FOR UPDATE;
  IF FOUND THEN
    SELECT json_object_agg(p.variant_id, p.amount_minor ORDER BY p.variant_id) INTO prices
      FROM listing_price p WHERE p.tenant_id = p_tenant AND p.listing_id = p_product;
  END IF;
  RETURN QUERY SELECT o.document, held.listing_id, held.state, held.product_status, held.priced,
    held.visible, held.title, held.handle, held.thumbnail, held.version, held.created_at,
    held.updated_at, coalesce(prices, '{}') FROM offer o WHERE o.product_id = p_product;
END $$
"""


def upgrade() -> None:
    op.execute(LOCKED_LISTING)
    op.execute("REVOKE EXECUTE ON FUNCTION locked_listing(text, text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION locked_listing(text, text) TO {DATABASE}_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION locked_listing(text, text)")
