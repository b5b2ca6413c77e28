"""What many products match is found and counted within bounds; gift cards are told from goods.

The functions of before stay: instances of the version before ask them, or send no new conditions.

`python -m services.catalog_opt_in rerender` is due, as after 0012: until then, a gift card that was
stored before counts as what is none.

Reversible: `downgrade` drops what this adds, and makes the functions that it replaces as they were.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

DATABASE = "catalog_opt_in"

_filters = import_module("services.catalog_opt_in.migrations.versions.0012_store_filters")
_search = import_module("services.catalog_opt_in.migrations.versions.0017_search")
_translations = import_module("services.catalog_opt_in.migrations.versions.0022_translations")

_DOCUMENT = f"{_search._DOCUMENT} || {_translations._QUOTED_TEXTS}"
_NEW_CONDITIONS = """\
          WHEN 'is_giftcard' THEN parts := parts
            || CASE WHEN (filter -> key)::boolean THEN 'l.is_giftcard' ELSE 'NOT l.is_giftcard' END;
          -- An option's id, whatever its value.
          WHEN 'option_id' THEN of_variant := of_variant || ('v.product_id = ANY (ARRAY(
              SELECT o.product_id FROM offer_value o WHERE o.option_id = ' || value || '))
            AND EXISTS (SELECT FROM offer_value o WHERE o.product_id = v.product_id
              AND o.option_id = ' || value || ' AND o.value_id = ANY (v.value_ids))');
"""
_AFTER = "          WHEN 'created_from' THEN\n"
_CONDITIONS = _filters._CONDITIONS.replace(_AFTER, _NEW_CONDITIONS + _AFTER)
_BOUNDS = (
    "SET random_page_cost = 1.1 SET enable_seqscan = off"
    " SET enable_hashjoin = off SET enable_mergejoin = off"
)

# All are in one range of an index, and those that are not shown, mostly few, in one of another:
# both are read in order beside each other, so that no listing is looked up.
STORE_PLACE_COUNT = """
CREATE FUNCTION store_place_count(p_tenant text, p_kind text, p_id text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp
SET random_page_cost = 1.1 SET enable_seqscan = off
SET enable_hashjoin = on SET enable_mergejoin = on AS $$
DECLARE
  hidden text := ' AND NOT EXISTS (SELECT FROM listing h
    WHERE h.tenant_id = $1 AND h.listing_id = p.listing_id AND NOT h.visible)';
  total bigint;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  EXECUTE 'SELECT count(*) FROM ' || CASE p_kind
      WHEN 'category_ids' THEN 'listing_category p WHERE p.category_id = $2' || hidden
      WHEN 'tag_ids' THEN 'listing_tag p WHERE p.tag_id = $2' || hidden
      WHEN 'collection_ids' THEN 'listing p WHERE p.visible AND p.collection_id = $2'
      WHEN 'type_ids' THEN 'listing p WHERE p.visible AND p.type_id = $2'
    END || ' AND p.tenant_id = $1' INTO total USING p_tenant, p_id;
  RETURN total;
END $$
"""

STORE_PRODUCT_PAGE = f"""
CREATE FUNCTION store_product_page(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_conditions jsonb, p_before text, p_last text, p_whole text, p_locales text[]
)
RETURNS TABLE (version bigint, total bigint, documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp {_BOUNDS} AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  reversed text := CASE WHEN p_descending THEN ' ASC' ELSE ' DESC' END;
  -- The whole of what is shown needs no counting: the count is kept.
  is_whole boolean := num_nonnulls(p_conditions, p_last) = 0;
  -- What more products match is not counted to the end, nor ranked.
  most integer := CASE WHEN p_last IS NULL THEN 10000 ELSE 500 END;
  before tsquery := p_before;
  begun tsquery := CASE WHEN p_before IS NULL THEN p_last::tsquery
    ELSE p_before::tsquery && p_last::tsquery END;
  whole tsquery := p_whole;
  shown text := 'l.tenant_id = $1 AND l.visible';
  wanted text := '';
  asked text;
  -- Where words are looked for. Behind OFFSET 0 they are found in their index, whatever else is
  -- asked: PostgreSQL supposes that words are in products independently of one another, and would
  -- look through a large shop for two that are never in the same.
  titles text := 'product_words w';
  texts_of text := 'product_words w';
  beginnings text := 'product_words w JOIN listing l ON l.listing_id = w.product_id WHERE true';
  with_last integer;
  with_all integer;
  ranked text;
  kind text;
  counted bigint;
  looked_through bigint;
  sorted text := CASE p_order
    WHEN 'id' THEN 'l.listing_id'
    WHEN 'created_at' THEN 'l.offered_at'
    WHEN 'updated_at' THEN 'l.updated_at'
    WHEN 'title' THEN 'l.title_key'
    WHEN 'handle' THEN 'l.handle'
    WHEN 'price' THEN 'l.lowest_minor'
  END;
  is_nearer_to_end boolean;
  page text;
  currency text;
{_filters._VARIABLES}BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.visible_count, c.currency INTO version, total, currency
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  total := coalesce(total, 0);
{_CONDITIONS}  asked := wanted;
  wanted := shown || asked;
  IF p_last IS NOT NULL AND p_conditions IS NULL AND total > 2000 THEN
    IF before IS NOT NULL THEN
      titles := '(SELECT * FROM product_words p WHERE p.title @@ $9 OFFSET 0) w';
      texts_of := '(SELECT * FROM product_words p WHERE p.words @@ $9 OFFSET 0) w';
    END IF;
    -- A beginning that many words have is not looked up: that would read the places of all of them.
    EXECUTE 'SELECT count(*) FILTER (WHERE w.words @@ $2), count(*) FILTER (WHERE w.words @@ $3)'
        || ' FROM (SELECT l.listing_id FROM listing l WHERE ' || shown
        || ' ORDER BY l.offered_at DESC LIMIT 100) l JOIN product_words w'
        || ' ON w.product_id = l.listing_id'
      INTO with_last, with_all USING p_tenant, p_last::tsquery, begun;
    beginnings := CASE
      WHEN with_all >= 5 THEN '(SELECT * FROM listing l WHERE ' || shown
        || ' ORDER BY l.offered_at DESC LIMIT 10000) l'
        || ' JOIN product_words w ON w.product_id = l.listing_id WHERE true'
      ELSE '(SELECT * FROM product_words p WHERE p.words @@ ' || CASE
        WHEN with_last >= 5 AND before IS NOT NULL THEN '$11 LIMIT 2000' ELSE '$8 OFFSET 0' END
        || ') w JOIN listing l ON l.listing_id = w.product_id WHERE true' END;
  END IF;
  IF p_order = 'relevance' THEN
    -- Looked for in the order in which they are shown, so that what comes later is not looked for
    -- where there is enough before it.
    ranked := ' AS place, l.listing_id, l.offered_at, ts_rank(w.words, $8) AS rank FROM ';
    page := ' ORDER BY f.place, f.rank DESC, f.offered_at DESC, f.listing_id DESC';
    EXECUTE 'WITH found AS MATERIALIZED (SELECT * FROM ((SELECT 1'
        || ranked || titles || ' JOIN listing l ON l.listing_id = w.product_id WHERE ' || wanted
        || ' AND w.title @@ $9 LIMIT $10) UNION ALL (SELECT 2'
        || ranked || texts_of || ' JOIN listing l ON l.listing_id = w.product_id WHERE ' || wanted
        || ' AND w.words @@ $9 AND NOT w.title @@ $9 LIMIT $10) UNION ALL (SELECT 3'
        || ranked || beginnings || ' AND ' || wanted || ' AND w.words @@ $8 AND NOT w.words @@ $9'
        || ' ORDER BY l.offered_at DESC LIMIT 100)) hits LIMIT $10)'
        || ' SELECT (SELECT count(*) FROM found), ARRAY(SELECT {_DOCUMENT}'
        || ' FROM (SELECT * FROM found f' || page || ' LIMIT $2 OFFSET $3) f'
        || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = f.listing_id' || page || ')'
      INTO total, documents
      USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency,
        begun, whole, most, before;
    RETURN NEXT;
    RETURN;
  END IF;
  -- Of one place, such as a category, the count is in an index. If that is many, so are they on the
  -- first pages of all that is shown, which are then looked through.
  IF p_last IS NULL
    AND (SELECT count(*) = 1 FROM jsonb_path_query(p_conditions, '$[*][*].*[*]'))
  THEN
    kind := (SELECT jsonb_object_keys(p_conditions #> '{{0,0}}'));
    IF kind IN ('category_ids', 'tag_ids', 'collection_ids', 'type_ids') THEN
      counted := store_place_count(p_tenant, kind, p_conditions #>> ARRAY['0', '0', kind, '0']);
      looked_through := 3 * total * (p_skip + p_size) / greatest(counted, 1);
    END IF;
  END IF;
  IF looked_through < 2 * counted THEN
    page := ' ORDER BY ' || sorted || direction || ', l.listing_id' || direction;
    EXECUTE 'SELECT ARRAY(SELECT {_DOCUMENT} FROM (SELECT l.listing_id'
        || ' FROM (SELECT * FROM listing l WHERE ' || shown || page
        || ' LIMIT $8) l WHERE true' || asked || page || ' LIMIT $2 OFFSET $3) page'
        || ' JOIN listing l ON l.tenant_id = $1'
        || ' AND l.listing_id = page.listing_id' || page || ')'
      INTO documents
      USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency, looked_through;
    IF cardinality(documents) >= least(p_size, counted - p_skip) THEN
      total := counted;
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  wanted := CASE
    WHEN p_last IS NULL THEN ' FROM listing l WHERE ' || wanted
    WHEN beginnings LIKE '(SELECT * FROM product_words %' THEN
      ' FROM ' || beginnings || ' AND w.words @@ $8 AND ' || wanted
    ELSE ' FROM listing l WHERE ' || wanted || ' AND EXISTS (SELECT FROM product_words w
        WHERE w.product_id = l.listing_id AND w.words @@ $8)' END;
  IF NOT is_whole THEN
    -- Few are found once, to be counted and sorted; of more, the page is read in its order.
    page := ' ORDER BY f.key' || direction || ', f.listing_id' || direction;
    EXECUTE 'WITH found AS MATERIALIZED (SELECT l.listing_id, ' || sorted || ' AS key' || wanted
        || ' LIMIT $10) SELECT count(*), CASE WHEN count(*) < $10 THEN ARRAY(SELECT {_DOCUMENT}'
        || ' FROM (SELECT * FROM found f' || page || ' LIMIT $2 OFFSET $3) f'
        || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = f.listing_id' || page
        || ') END FROM found'
      INTO total, documents
      USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency,
        begun, whole, most, before;
    total := coalesce(counted, total);
    IF documents IS NOT NULL THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  -- What is skipped is read, but only in the index, and from the end that is nearer to the page.
  is_nearer_to_end := is_whole AND p_skip > total / 2;
  IF is_nearer_to_end THEN
    p_size := greatest(0, least(p_size, total - p_skip));
    p_skip := greatest(0, total - p_skip - p_size);
  END IF;
  page := 'SELECT l.listing_id' || wanted
    || ' ORDER BY ' || sorted || CASE WHEN is_nearer_to_end THEN reversed ELSE direction END
    || ', l.listing_id' || CASE WHEN is_nearer_to_end THEN reversed ELSE direction END
    || ' LIMIT $2 OFFSET $3';
  EXECUTE 'SELECT ARRAY(SELECT {_DOCUMENT} FROM (' || page || ') page'
      || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = page.listing_id'
      || ' ORDER BY ' || sorted || direction || ', l.listing_id' || direction || ')'
    INTO documents
    USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency, begun,
      whole, most, before;
  RETURN NEXT;
END $$
"""  # noqa: S608

NEW_FUNCTIONS = {
    "store_place_count(text, text, text)": STORE_PLACE_COUNT,
    "store_product_page(text, integer, integer, text, boolean, jsonb, text, text, text, text[])": (
        STORE_PRODUCT_PAGE
    ),
}
_OF_PARTS = [name for name in _translations.FUNCTIONS if name.startswith(("store_v", "store_o"))]


def _bounded(function: str) -> str:
    """Makes a function count no more than 5,000, and plans it for pages in memory."""
    return (
        function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        .replace("pg_temp AS $$", "pg_temp SET random_page_cost = 1.1 AS $$")
        .replace(
            "'SELECT count(*)' || wanted",
            "'SELECT count(*) FROM (SELECT' || wanted || ' LIMIT 5000) found'",
        )
    )


def upgrade() -> None:
    op.add_column(
        "listing", sa.Column("is_giftcard", sa.Boolean(), nullable=False, server_default="false")
    )
    for name, condition in (("giftcard", "visible AND is_giftcard"), ("hidden", "NOT visible")):
        op.create_index(
            f"ix_listing_{name}",
            "listing",
            ["tenant_id", "listing_id"],
            postgresql_where=sa.text(condition),
        )
    for table, key in (("offer_variant", "variant_id"), ("offer_option", "option_id")):
        op.create_index(f"ix_{table}_title_key", table, ["title_key", key])
    for name, function in NEW_FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")
    for name in _OF_PARTS:
        op.execute(_bounded(_translations.FUNCTIONS[name]))


def downgrade() -> None:
    for name in _OF_PARTS:
        function = _translations.FUNCTIONS[name]
        op.execute(function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    for name in NEW_FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    for table in ("offer_option", "offer_variant"):
        op.drop_index(f"ix_{table}_title_key")
    op.drop_column("listing", "is_giftcard")
    op.drop_index("ix_listing_hidden")
