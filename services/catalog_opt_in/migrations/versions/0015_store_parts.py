"""The storefront's reads of variants and options, each on its own.

Reversible: `downgrade` drops the functions.
"""

from importlib import import_module

from alembic import op

revision = "0015"
down_revision = "0014"

DATABASE = "catalog_opt_in"

_filters = import_module("services.catalog_opt_in.migrations.versions.0012_store_filters")
_DOCUMENT = _filters._DOCUMENT
_SOLD = _filters._SOLD
_quoted = _filters._quoted

# All words of a query, with single spaces between them, are in a text.
_WORDS = """(SELECT bool_and(strpos(%s, word) > 0) FROM unnest(string_to_array(%s, ' ')) word)"""
# What is null does not filter. `documents` are those of the products, in the order of `ids`.
STORE_VARIANTS = f"""
CREATE FUNCTION store_variants(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_ids text[], p_products text[], p_skus text[], p_query text
)
RETURNS TABLE (version bigint, total bigint, ids text[], documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  wanted text := ' FROM offer_variant v
    JOIN listing l ON l.tenant_id = $1 AND l.listing_id = v.product_id AND l.visible
    WHERE {_quoted(_SOLD % "$8")}'
    || CASE WHEN p_ids IS NULL THEN '' ELSE ' AND v.variant_id = ANY ($4)' END
    || CASE WHEN p_products IS NULL THEN '' ELSE ' AND v.product_id = ANY ($5)' END
    || CASE WHEN p_skus IS NULL THEN '' ELSE ' AND v.sku = ANY ($6)' END
    || CASE WHEN p_query IS NULL THEN '' ELSE ' AND {_quoted(_WORDS % ("v.search", "$7"))}' END;
  sorted text := CASE p_order WHEN 'id' THEN '' WHEN 'title' THEN 'v.title_key' || direction || ', '
    WHEN 'sku' THEN 'v.sku' || direction || ', ' END;
  currency text;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.currency INTO version, currency
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  EXECUTE 'SELECT count(*)' || wanted INTO total
    USING p_tenant, p_size, p_skip, p_ids, p_products, p_skus, p_query, currency;
  EXECUTE 'SELECT array_agg(page.variant_id ORDER BY n), array_agg(page.document ORDER BY n) FROM (
      SELECT p.variant_id, p.n, {_quoted(_DOCUMENT % "$8")} AS document FROM (
        SELECT found.*, row_number() OVER () AS n FROM (
          SELECT v.variant_id, v.product_id' || wanted
        || ' ORDER BY ' || sorted || 'v.variant_id' || direction || ' LIMIT $2 OFFSET $3) found) p
      JOIN listing l ON l.tenant_id = $1 AND l.listing_id = p.product_id) page'
    INTO ids, documents
    USING p_tenant, p_size, p_skip, p_ids, p_products, p_skus, p_query, currency;
  RETURN NEXT;
END $$
"""  # noqa: S608

STORE_OPTIONS = f"""
CREATE FUNCTION store_options(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_ids text[], p_titles text[], p_query text
)
RETURNS TABLE (version bigint, total bigint, ids text[], documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  wanted text := ' FROM offer_option o
    JOIN listing l ON l.tenant_id = $1 AND l.listing_id = o.product_id AND l.visible
    WHERE true'
    || CASE WHEN p_ids IS NULL THEN '' ELSE ' AND o.option_id = ANY ($4)' END
    || CASE WHEN p_titles IS NULL THEN '' ELSE ' AND o.title = ANY ($5)' END
    || CASE WHEN p_query IS NULL THEN '' ELSE ' AND {_quoted(_WORDS % ("o.title_key", "$6"))}' END;
  sorted text := CASE p_order WHEN 'id' THEN ''
    WHEN 'title' THEN 'o.title_key' || direction || ', ' END;
  currency text;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.currency INTO version, currency
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  EXECUTE 'SELECT count(*)' || wanted INTO total
    USING p_tenant, p_size, p_skip, p_ids, p_titles, p_query, currency;
  EXECUTE 'SELECT array_agg(page.option_id ORDER BY n), array_agg(page.document ORDER BY n) FROM (
      SELECT p.option_id, p.n, {_quoted(_DOCUMENT % "$7")} AS document FROM (
        SELECT found.*, row_number() OVER () AS n FROM (
          SELECT o.option_id, o.product_id' || wanted
        || ' ORDER BY ' || sorted || 'o.option_id' || direction || ' LIMIT $2 OFFSET $3) found) p
      JOIN listing l ON l.tenant_id = $1 AND l.listing_id = p.product_id) page'
    INTO ids, documents
    USING p_tenant, p_size, p_skip, p_ids, p_titles, p_query, currency;
  RETURN NEXT;
END $$
"""  # noqa: S608

FUNCTIONS = {
    "store_variants": STORE_VARIANTS,
    "store_options": STORE_OPTIONS,
}


def upgrade() -> None:
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
