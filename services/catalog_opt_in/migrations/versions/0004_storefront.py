"""The storefront's reads: functions that bind the tenant first and then read, in one round trip.

A binding folded into the query itself would not do: the plan may read rows before it takes effect.
What varies in the statements below are fragments that stand in this file; values are parameters.

Reversible: `downgrade` drops the functions.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

DATABASE = "catalog_opt_in"

STORE_PRODUCT = """
CREATE FUNCTION store_product(p_tenant text, p_id_or_handle text)
RETURNS TABLE (version bigint, document bytea)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT c.version, l.document
    FROM listing l JOIN tenant_catalogue c ON c.tenant_id = l.tenant_id
    WHERE l.tenant_id = p_tenant AND l.visible
      AND (l.listing_id = p_id_or_handle OR l.handle = p_id_or_handle);
END $$
"""

STORE_PRODUCTS = """
CREATE FUNCTION store_products(
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
    || CASE WHEN p_query IS NULL THEN '' ELSE ' AND strpos(l.search, $10) > 0' END;
  sorted text := CASE p_order
    WHEN 'created_at' THEN 'l.offered_at'
    WHEN 'updated_at' THEN 'l.updated_at'
    WHEN 'title' THEN 'l.title_key'
    WHEN 'handle' THEN 'l.handle'
  END;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.visible_count INTO version, total
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  total := coalesce(total, 0);
  IF NOT is_whole THEN
    EXECUTE 'SELECT count(*)' || wanted INTO total
      USING p_tenant, p_size, p_skip, p_ids, p_handles, p_collections, p_categories,
        p_tags, p_types, p_query;
  END IF;
  EXECUTE 'SELECT ARRAY(SELECT l.document' || wanted || ' ORDER BY ' || sorted || direction
      || ', l.listing_id' || direction || ' LIMIT $2 OFFSET $3)' INTO documents
    USING p_tenant, p_size, p_skip, p_ids, p_handles, p_collections, p_categories,
      p_tags, p_types, p_query;
  RETURN NEXT;
END $$
"""

# One row with a null id where nothing is shown, so that the version is always told.
STORE_COLLECTIONS = """
CREATE FUNCTION store_collections(p_tenant text)
RETURNS TABLE (version bigint, id text, title text, title_key text, handle text,
  created_at timestamptz, updated_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT t.version, c.collection_id, c.title, c.title_key, c.handle, c.created_at, c.updated_at
    FROM tenant_catalogue t
    LEFT JOIN collection c ON EXISTS (
      SELECT FROM listing l
      WHERE l.tenant_id = p_tenant AND l.visible AND l.collection_id = c.collection_id)
    WHERE t.tenant_id = p_tenant;
END $$
"""

STORE_CATEGORIES = """
CREATE FUNCTION store_categories(p_tenant text)
RETURNS TABLE (version bigint, id text, title text, title_key text, handle text, description text,
  parent_id text, rank integer, depth integer, created_at timestamptz, updated_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT t.version, c.category_id, c.title, c.title_key, c.handle, c.description,
      c.parent_id, c.rank, c.depth, c.created_at, c.updated_at
    FROM tenant_catalogue t
    LEFT JOIN category c ON EXISTS (
      SELECT FROM listing_category p
      JOIN listing l ON l.tenant_id = p.tenant_id AND l.listing_id = p.listing_id
      WHERE p.tenant_id = p_tenant AND p.category_id = c.category_id AND l.visible)
    WHERE t.tenant_id = p_tenant;
END $$
"""

FUNCTIONS = {
    "store_product": STORE_PRODUCT,
    "store_products": STORE_PRODUCTS,
    "store_collections": STORE_COLLECTIONS,
    "store_categories": STORE_CATEGORIES,
}


def upgrade() -> None:
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
