"""A product's document is stored once for each market, not in each listing.

`python -m services.catalog_opt_in rerender` is due once every instance runs the new version; until
then a listing shows the document that is stored in it.

Reversible: `downgrade` writes the documents back into the listings.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Key
from services.kernel.process import logs
from services.kernel.serving.migrations import grant, share

revision = "0010"
down_revision = "0009"

DATABASE = "catalog_opt_in"

# Of a listing `l`, in the currency `%s`. What is stored lacks its end, the only part that differs
# between listings of one market.
_DOCUMENT = """
coalesce(l.document, coalesce(l.own_document, (
    SELECT m.document FROM market_document m
    WHERE m.product_id = l.listing_id AND m.currency = %s))
  || convert_to(',"updated_at":"' || to_char(l.updated_at AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}', 'UTF8'))"""

STORE_PRODUCT = f"""
CREATE OR REPLACE FUNCTION store_product(p_tenant text, p_id_or_handle text)
RETURNS TABLE (version bigint, document bytea)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT c.version, {_DOCUMENT % "c.currency"}
    FROM listing l JOIN tenant_catalogue c ON c.tenant_id = l.tenant_id
    WHERE l.tenant_id = p_tenant AND l.visible
      AND (l.listing_id = p_id_or_handle OR l.handle = p_id_or_handle);
END $$
"""  # noqa: S608

_QUOTED_DOCUMENT = (_DOCUMENT % "$11").replace("'", "''")

STORE_PRODUCTS = f"""
CREATE OR REPLACE FUNCTION store_products(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_ids text[], p_handles text[], p_collections text[], p_categories text[],
  p_tags text[], p_types text[], p_query text
)
RETURNS TABLE (version bigint, total bigint, documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  -- The whole of what is shown needs no counting: the count is kept.
  is_whole boolean := num_nonnulls(
    p_ids, p_handles, p_collections, p_categories, p_tags, p_types, p_query) = 0;
  wanted text := ' FROM listing l WHERE l.tenant_id = $1 AND l.visible'
    || CASE WHEN p_ids IS NULL THEN '' ELSE ' AND l.listing_id = ANY ($4)' END
    || CASE WHEN p_handles IS NULL THEN '' ELSE ' AND l.handle = ANY ($5)' END
    || CASE WHEN p_collections IS NULL THEN '' ELSE ' AND l.collection_id = ANY ($6)' END
    || CASE WHEN p_categories IS NULL THEN '' ELSE ' AND EXISTS (SELECT FROM listing_category p
         WHERE p.tenant_id = $1 AND p.listing_id = l.listing_id AND p.category_id = ANY ($7))' END
    || CASE WHEN p_tags IS NULL THEN '' ELSE ' AND EXISTS (SELECT FROM listing_tag p
         WHERE p.tenant_id = $1 AND p.listing_id = l.listing_id AND p.tag_id = ANY ($8))' END
    || CASE WHEN p_types IS NULL THEN '' ELSE ' AND l.type_id = ANY ($9)' END
    || CASE WHEN p_query IS NULL THEN '' ELSE
         ' AND NOT EXISTS (SELECT FROM unnest(string_to_array($10, '' '')) word
           WHERE strpos(l.search, word) = 0)' END;
  sorted text := CASE p_order
    WHEN 'created_at' THEN 'l.offered_at'
    WHEN 'updated_at' THEN 'l.updated_at'
    WHEN 'title' THEN 'l.title_key'
    WHEN 'handle' THEN 'l.handle'
  END;
  reversed text := CASE WHEN p_descending THEN ' ASC' ELSE ' DESC' END;
  is_nearer_to_end boolean;
  page text;
  currency text;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.visible_count, c.currency INTO version, total, currency
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  total := coalesce(total, 0);
  IF NOT is_whole THEN
    EXECUTE 'SELECT count(*)' || wanted INTO total
      USING p_tenant, p_size, p_skip, p_ids, p_handles, p_collections, p_categories,
        p_tags, p_types, p_query;
  END IF;
  -- What is skipped is read, but only in the index, and from the end that is nearer to the page.
  is_nearer_to_end := p_skip > total / 2;
  IF is_nearer_to_end THEN
    p_size := greatest(0, least(p_size, total - p_skip));
    p_skip := greatest(0, total - p_skip - p_size);
  END IF;
  page := 'SELECT l.listing_id' || wanted
    || ' ORDER BY ' || sorted || CASE WHEN is_nearer_to_end THEN reversed ELSE direction END
    || ', l.listing_id' || CASE WHEN is_nearer_to_end THEN reversed ELSE direction END
    || ' LIMIT $2 OFFSET $3';
  EXECUTE 'SELECT ARRAY(SELECT {_QUOTED_DOCUMENT} FROM (' || page || ') page'
      || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = page.listing_id'
      || ' ORDER BY ' || sorted || direction || ', l.listing_id' || direction || ')'
    INTO documents
    USING p_tenant, p_size, p_skip, p_ids, p_handles, p_collections, p_categories,
      p_tags, p_types, p_query, currency;
  RETURN NEXT;
END $$
"""  # noqa: S608

_WRITE_BACK = f"""
UPDATE listing l SET own_document = NULL,
  -- What has nothing to sell has no document, and is not shown.
  document = coalesce({_DOCUMENT % "c.currency"}, '{{}}')
FROM tenant_catalogue c WHERE c.tenant_id = l.tenant_id
"""  # noqa: S608


def upgrade() -> None:
    op.create_table(
        "market_document",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("currency", Key, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["offer.product_id"],
            name="fk_market_document_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "currency", name="pk_market_document"),
    )
    grant(op, DATABASE, "market_document", app="SELECT")
    share(op, DATABASE, "market_document")
    op.add_column("listing", sa.Column("own_document", sa.LargeBinary()))
    op.alter_column("listing", "document", nullable=True)
    op.execute(STORE_PRODUCT)
    op.execute(STORE_PRODUCTS)
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def downgrade() -> None:
    formats = import_module("services.catalog_opt_in.migrations.versions.0008_formats")
    storefront = import_module("services.catalog_opt_in.migrations.versions.0004_storefront")
    op.execute(formats.STORE_PRODUCTS)
    op.execute(storefront.STORE_PRODUCT.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    tables = ("listing", "tenant_catalogue")
    for table in tables:  # lets the owner see all rows
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_WRITE_BACK)
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("listing", "document", nullable=False)
    op.drop_column("listing", "own_document")
    op.drop_table("market_document")
