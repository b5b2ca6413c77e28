"""Storefronts filter by variants, options, times and prices, and any of several filters.

`python -m services.catalog_opt_in rerender` is due once every instance runs the new version; until
then, a product that was stored before is not found by its variants, options and price.

Reversible: `downgrade` drops what this adds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from services.kernel.data.tables import Key
from services.kernel.process import logs
from services.kernel.serving.migrations import grant, share

revision = "0012"
down_revision = "0011"

DATABASE = "catalog_opt_in"
_CODES = ("sku", "ean", "upc", "barcode")

# Of a listing `l`, in the currency `%s`. What is stored lacks its end, the only part that differs
# between listings of one market.
_DOCUMENT = """
coalesce(l.document, coalesce(l.own_document, (
    SELECT m.document FROM market_document m
    WHERE m.product_id = l.listing_id AND m.currency = %s))
  || convert_to(',"updated_at":"' || to_char(l.updated_at AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}', 'UTF8'))"""

# A variant `v` that the tenant `$1` sells, if it shows the product, in the currency `%s`.
_SOLD = """(%s = ANY (v.currencies) OR EXISTS (SELECT FROM listing_price own
    WHERE own.tenant_id = $1 AND own.listing_id = v.product_id
      AND own.variant_id = v.variant_id))"""


def _quoted(text: str) -> str:
    return text.replace("'", "''")


_VARIABLES = """\
  n integer; m integer;
  condition jsonb; filter jsonb;
  key text; texts text; value text;
  choices text[]; parts text[]; of_variant text[];
"""
# Adds to `wanted` what `p_conditions` ask for, which are $6 of the statement.
_CONDITIONS = f"""\
  -- Each condition is a list of filters, one of which must hold. Only which filters there are is
  -- written into the statement: values are read from the parameter.
  FOR condition, n IN SELECT c.value, c.ordinality - 1
    FROM jsonb_array_elements(p_conditions) WITH ORDINALITY c
  LOOP
    choices := '{{}}';
    FOR filter, m IN SELECT c.value, c.ordinality - 1
      FROM jsonb_array_elements(condition) WITH ORDINALITY c
    LOOP
      parts := '{{true}}';
      of_variant := '{{}}';
      FOR key IN SELECT jsonb_object_keys(filter) LOOP
        value := format('($6 #>> %L)', ARRAY[n::text, m::text, key]);
        -- One by one, so that the planner knows them when it chooses an index.
        texts := 'ARRAY[' || coalesce((
          SELECT string_agg(format('$6 #>> %L', ARRAY[n::text, m::text, key, i::text]), ', ')
          FROM generate_series(0, jsonb_array_length(CASE jsonb_typeof(filter -> key)
            WHEN 'array' THEN filter -> key END) - 1) i), '') || ']::text[]';
        CASE key
          WHEN 'ids' THEN parts := parts || ('l.listing_id = ANY (' || texts || ')');
          WHEN 'handles' THEN parts := parts || ('l.handle = ANY (' || texts || ')');
          WHEN 'titles' THEN parts := parts || ('l.title = ANY (' || texts || ')');
          -- What titles are folded to, for the index.
          WHEN 'title_keys' THEN parts := parts || ('l.title_key = ANY (' || texts || ')');
          WHEN 'collection_ids' THEN
            parts := parts || ('l.collection_id = ANY (' || texts || ')');
          WHEN 'type_ids' THEN parts := parts || ('l.type_id = ANY (' || texts || ')');
          WHEN 'category_ids' THEN parts := parts || ('EXISTS (SELECT FROM listing_category p
            WHERE p.tenant_id = $1 AND p.listing_id = l.listing_id
              AND p.category_id = ANY (' || texts || '))');
          WHEN 'tag_ids' THEN parts := parts || ('EXISTS (SELECT FROM listing_tag p
            WHERE p.tenant_id = $1 AND p.listing_id = l.listing_id
              AND p.tag_id = ANY (' || texts || '))');
          WHEN 'created_from' THEN
            parts := parts || ('l.offered_at >= ' || value || '::timestamptz');
          WHEN 'created_before' THEN
            parts := parts || ('l.offered_at < ' || value || '::timestamptz');
          WHEN 'updated_from' THEN
            parts := parts || ('l.updated_at >= ' || value || '::timestamptz');
          WHEN 'updated_before' THEN
            parts := parts || ('l.updated_at < ' || value || '::timestamptz');
          WHEN 'least_price' THEN
            parts := parts || ('l.lowest_minor >= ' || value || '::bigint');
          WHEN 'most_price' THEN
            parts := parts || ('l.lowest_minor <= ' || value || '::bigint');
          WHEN 'sku', 'ean', 'upc', 'barcode' THEN
            of_variant := of_variant || ('v.' || key || ' = ANY (' || texts || ')');
          -- All must be values of one product, and of each option that has any the variant has one.
          WHEN 'option_value_ids' THEN of_variant := of_variant || ('v.product_id = ANY (ARRAY(
              SELECT o.product_id FROM offer_value o WHERE o.value_id = ANY (' || texts || ')))
            AND cardinality(' || texts || ') = (SELECT count(*) FROM offer_value o
              WHERE o.product_id = v.product_id AND o.value_id = ANY (' || texts || '))
            AND NOT EXISTS (SELECT FROM offer_value o WHERE o.product_id = v.product_id
              AND o.value_id = ANY (' || texts || ') AND NOT EXISTS (
                SELECT FROM offer_value c
                WHERE c.product_id = o.product_id AND c.option_id = o.option_id
                  AND c.value_id = ANY (' || texts || ') AND c.value_id = ANY (v.value_ids)))');
          -- An option's id, and one of its values.
          WHEN 'option' THEN of_variant := of_variant || ('v.product_id = ANY (ARRAY(
              SELECT o.product_id FROM offer_value o WHERE o.option_id = (' || texts || ')[1]))
            AND EXISTS (SELECT FROM offer_value o WHERE o.product_id = v.product_id
              AND o.option_id = (' || texts || ')[1] AND o.value = (' || texts || ')[2]
              AND o.value_id = ANY (v.value_ids))');
        END CASE;
      END LOOP;
      -- Found first, since codes and values name few products: a list that an index is read for.
      IF of_variant <> '{{}}' THEN
        parts := parts || ('l.listing_id = ANY (ARRAY(SELECT v.product_id FROM offer_variant v
          WHERE {_quoted(_SOLD % "$7")} AND ' || array_to_string(of_variant, ' AND ') || '))');
      END IF;
      choices := choices || ('(' || array_to_string(parts, ' AND ') || ')');
    END LOOP;
    wanted := wanted || ' AND (' || array_to_string(choices, ' OR ') || ')';
  END LOOP;
"""  # noqa: S608

STORE_PRODUCT_PAGE = f"""
CREATE FUNCTION store_product_page(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_conditions jsonb, p_query text
)
RETURNS TABLE (version bigint, total bigint, documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  reversed text := CASE WHEN p_descending THEN ' ASC' ELSE ' DESC' END;
  -- The whole of what is shown needs no counting: the count is kept.
  is_whole boolean := num_nonnulls(p_conditions, p_query) = 0;
  wanted text := ' FROM listing l WHERE l.tenant_id = $1 AND l.visible';
  sorted text := CASE p_order
    WHEN 'id' THEN 'l.listing_id'
    WHEN 'created_at' THEN 'l.offered_at'
    WHEN 'updated_at' THEN 'l.updated_at'
    WHEN 'title' THEN 'l.title_key'
    WHEN 'handle' THEN 'l.handle'
    WHEN 'price' THEN 'l.lowest_minor'
  END;
{_VARIABLES}  is_nearer_to_end boolean;
  page text;
  currency text;
BEGIN
  PERFORM tenancy.enter(p_tenant);
  SELECT c.version, c.visible_count, c.currency INTO version, total, currency
    FROM tenant_catalogue c WHERE c.tenant_id = p_tenant;
  version := coalesce(version, 0);
  total := coalesce(total, 0);
{_CONDITIONS}  IF p_query IS NOT NULL THEN
    wanted := wanted || ' AND NOT EXISTS (SELECT FROM unnest(string_to_array($8, '' '')) word
      WHERE strpos(l.search, word) = 0)';
  END IF;
  IF NOT is_whole THEN
    EXECUTE 'SELECT count(*)' || wanted INTO total
      USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency, p_query;
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
  EXECUTE 'SELECT ARRAY(SELECT {_quoted(_DOCUMENT % "$7")} FROM (' || page || ') page'
      || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = page.listing_id'
      || ' ORDER BY ' || sorted || direction || ', l.listing_id' || direction || ')'
    INTO documents
    USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency, p_query;
  RETURN NEXT;
END $$
"""  # noqa: S608

FUNCTIONS = {
    "store_product_page": STORE_PRODUCT_PAGE,
}


def upgrade() -> None:
    _create_tables()
    op.add_column("listing", sa.Column("lowest_minor", sa.BigInteger()))
    op.create_index(
        "ix_listing_shown_lowest_minor",
        "listing",
        ["tenant_id", "lowest_minor", "listing_id"],
        postgresql_where=sa.text("visible"),
    )
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_column("listing", "lowest_minor")
    op.drop_table("offer_variant")
    op.drop_table("offer_value")
    op.drop_table("offer_option")


def _create_tables() -> None:
    op.create_table(
        "offer_option",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("option_id", Key, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", Key, nullable=False),
        _of_offer("offer_option"),
        sa.PrimaryKeyConstraint("product_id", "option_id", name="pk_offer_option"),
    )
    for column in ("option_id", "title"):
        op.create_index(f"ix_offer_option_{column}", "offer_option", [column])
    # Rows and not arrays: row-level security keeps conditions on arrays away from indexes.
    op.create_table(
        "offer_value",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("option_id", Key, nullable=False),
        sa.Column("value_id", Key, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _of_offer("offer_value"),
        sa.PrimaryKeyConstraint("product_id", "option_id", "value_id", name="pk_offer_value"),
    )
    for column in ("option_id", "value_id"):
        op.create_index(f"ix_offer_value_{column}", "offer_value", [column])
    op.create_table(
        "offer_variant",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("variant_id", Key, nullable=False),
        sa.Column("title_key", Key, nullable=False),
        sa.Column("search", Key, nullable=False),
        *(sa.Column(code, Key) for code in _CODES),
        sa.Column("value_ids", ARRAY(sa.Text()), nullable=False),
        sa.Column("currencies", ARRAY(sa.Text()), nullable=False),
        _of_offer("offer_variant"),
        sa.PrimaryKeyConstraint("product_id", "variant_id", name="pk_offer_variant"),
    )
    for column in ("variant_id", *_CODES):
        op.create_index(f"ix_offer_variant_{column}", "offer_variant", [column])
    for table in ("offer_option", "offer_value", "offer_variant"):
        grant(op, DATABASE, table, app="SELECT")
        share(op, DATABASE, table)


def _of_offer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["product_id"],
        ["offer.product_id"],
        name=f"fk_{table}_product_id",
        ondelete="CASCADE",
    )
