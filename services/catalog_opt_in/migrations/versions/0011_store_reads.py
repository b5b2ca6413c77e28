"""The storefront's reads of tags and types, and of what is in collections and categories.

Reversible: `downgrade` drops the functions and the index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

DATABASE = "catalog_opt_in"

# One row with a null id where nothing is shown, so that the version is always told.
STORE_TAGS = """
CREATE FUNCTION store_tags(p_tenant text)
RETURNS TABLE (version bigint, id text, value text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT c.version, t.tag_id, t.value
    FROM tenant_catalogue c
    LEFT JOIN tag t ON EXISTS (
      SELECT FROM listing_tag p
      JOIN listing l ON l.tenant_id = p.tenant_id AND l.listing_id = p.listing_id
      WHERE p.tenant_id = p_tenant AND p.tag_id = t.tag_id AND l.visible)
    WHERE c.tenant_id = p_tenant;
END $$
"""

STORE_TYPES = """
CREATE FUNCTION store_types(p_tenant text)
RETURNS TABLE (version bigint, id text, value text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT c.version, t.type_id, t.value
    FROM tenant_catalogue c
    LEFT JOIN product_type t ON EXISTS (
      SELECT FROM listing l
      WHERE l.tenant_id = p_tenant AND l.visible AND l.type_id = t.type_id)
    WHERE c.tenant_id = p_tenant;
END $$
"""

_SHOWN = """l.listing_id, l.title, l.handle, l.thumbnail, l.collection_id, l.type_id,
        l.offered_at, l.updated_at"""

STORE_PRODUCTS_IN_COLLECTIONS = f"""
CREATE FUNCTION store_products_in_collections(p_tenant text, p_ids text[], p_most integer)
RETURNS TABLE (place text, id text, title text, handle text, thumbnail text, collection_id text,
  type_id text, created_at timestamptz, updated_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT wanted.id, shown.* FROM unnest(p_ids) wanted(id) CROSS JOIN LATERAL (
      SELECT {_SHOWN}
      FROM listing l
      WHERE l.tenant_id = p_tenant AND l.visible AND l.collection_id = wanted.id
      ORDER BY l.listing_id LIMIT p_most) shown;
END $$
"""  # noqa: S608

STORE_PRODUCTS_IN_CATEGORIES = f"""
CREATE FUNCTION store_products_in_categories(p_tenant text, p_ids text[], p_most integer)
RETURNS TABLE (place text, id text, title text, handle text, thumbnail text, collection_id text,
  type_id text, created_at timestamptz, updated_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY
    SELECT wanted.id, shown.* FROM unnest(p_ids) wanted(id) CROSS JOIN LATERAL (
      SELECT {_SHOWN}
      FROM listing_category p
      JOIN listing l ON l.tenant_id = p.tenant_id AND l.listing_id = p.listing_id
      WHERE p.tenant_id = p_tenant AND p.category_id = wanted.id AND l.visible
      ORDER BY p.listing_id LIMIT p_most) shown;
END $$
"""  # noqa: S608

FUNCTIONS = {
    "store_tags": STORE_TAGS,
    "store_types": STORE_TYPES,
    "store_products_in_collections": STORE_PRODUCTS_IN_COLLECTIONS,
    "store_products_in_categories": STORE_PRODUCTS_IN_CATEGORIES,
}


def upgrade() -> None:
    op.create_index(
        "ix_listing_shown_type_id",
        "listing",
        ["tenant_id", "type_id", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_index("ix_listing_shown_type_id", "listing")
