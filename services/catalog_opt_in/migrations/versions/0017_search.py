"""A search is for words, their beginnings and other forms, in an index; the best match is first.

`python -m services.catalog_opt_in rerender` is due once every instance runs the new version: until
then only what was written by it is found.

Reversible: `downgrade` drops what is searched.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from services.kernel.data.tables import Key
from services.kernel.process import logs
from services.kernel.serving.migrations import grant, share

revision = "0017"
down_revision = "0016"

DATABASE = "catalog_opt_in"

_filters = import_module("services.catalog_opt_in.migrations.versions.0012_store_filters")
_DOCUMENT: str = _filters._quoted(_filters._DOCUMENT % "$7")

# Plans are made for pages that are in memory, as a shop's are while somebody reads it; none may
# read a whole table, or gather the whole of a shop, to find the few that are shown.
STORE_PRODUCT_PAGE = f"""
CREATE FUNCTION store_product_page(
  p_tenant text, p_size integer, p_skip integer, p_order text, p_descending boolean,
  p_conditions jsonb, p_begun text, p_whole text
)
RETURNS TABLE (version bigint, total bigint, documents bytea[])
LANGUAGE plpgsql SET search_path = public, pg_temp
SET random_page_cost = 1.1 SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  direction text := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  reversed text := CASE WHEN p_descending THEN ' ASC' ELSE ' DESC' END;
  -- The whole of what is shown needs no counting: the count is kept.
  is_whole boolean := num_nonnulls(p_conditions, p_begun) = 0;
  -- What more products match is not counted to the end, nor ranked.
  most integer := CASE WHEN p_begun IS NULL THEN 10000 ELSE 500 END;
  begun tsquery := p_begun;
  whole tsquery := p_whole;
  wanted text := 'l.tenant_id = $1 AND l.visible';
  ranked text;
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
{_filters._CONDITIONS}  IF p_order = 'relevance' THEN
    -- Looked for in the order in which they are shown, so that what comes later is not looked for
    -- where there is enough before it.
    ranked := ' AS place, l.listing_id, l.offered_at, ts_rank(w.words, $8) AS rank'
      || ' FROM product_words w JOIN listing l ON l.listing_id = w.product_id WHERE ' || wanted;
    page := ' ORDER BY f.place, f.rank DESC, f.offered_at DESC, f.listing_id DESC';
    EXECUTE 'WITH found AS MATERIALIZED (SELECT * FROM ((SELECT 1'
        || ranked || ' AND w.title @@ $9 LIMIT $10) UNION ALL (SELECT 2'
        || ranked || ' AND w.words @@ $9 AND NOT w.title @@ $9 LIMIT $10) UNION ALL (SELECT 3'
        || ranked || ' AND w.words @@ $8 AND NOT w.words @@ $9'
        || ' ORDER BY l.offered_at DESC LIMIT 100)) hits LIMIT $10)'
        || ' SELECT (SELECT count(*) FROM found), ARRAY(SELECT {_DOCUMENT}'
        || ' FROM (SELECT * FROM found f' || page || ' LIMIT $2 OFFSET $3) f'
        || ' JOIN listing l ON l.tenant_id = $1 AND l.listing_id = f.listing_id' || page || ')'
      INTO total, documents
      USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency,
        begun, whole, most;
    RETURN NEXT;
    RETURN;
  END IF;
  wanted := ' FROM listing l WHERE ' || wanted || CASE WHEN p_begun IS NULL THEN '' ELSE
    ' AND EXISTS (SELECT FROM product_words w
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
        begun, whole, most;
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
    USING p_tenant, p_size, p_skip, p_order, p_descending, p_conditions, currency, begun;
  RETURN NEXT;
END $$
"""  # noqa: S608

STORE_WORDS = """
CREATE FUNCTION store_words(p_tenant text, p_spellings text[])
RETURNS TABLE (word text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM tenancy.enter(p_tenant);
  RETURN QUERY SELECT DISTINCT s.word FROM spelling s WHERE s.spelling = ANY (p_spellings);
END $$
"""

FUNCTIONS = {
    "store_product_page(text, integer, integer, text, boolean, jsonb, text, text)": (
        STORE_PRODUCT_PAGE
    ),
    "store_words(text, text[])": STORE_WORDS,
}


def upgrade() -> None:
    op.create_table(
        "product_words",
        sa.Column("product_id", Key, nullable=False),
        sa.Column("title", TSVECTOR(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["offer.product_id"],
            name="fk_product_words_product_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", name="pk_product_words"),
    )
    for column in ("title", "words"):
        op.create_index(
            f"ix_product_words_{column}", "product_words", [column], postgresql_using="gin"
        )
    op.create_table(
        "spelling",
        sa.Column("spelling", Key, nullable=False),
        sa.Column("word", Key, nullable=False),
        sa.PrimaryKeyConstraint("spelling", "word", name="pk_spelling"),
    )
    for table in ("product_words", "spelling"):
        grant(op, DATABASE, table, app="SELECT")
    # Found by an operator that is not leakproof: see models.scopes.open_rows.
    share(op, DATABASE, "product_words", condition="true")
    share(op, DATABASE, "spelling")
    for name, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {DATABASE}_app")
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM offer)")):
        logs.logger().warning("rerender_due", run="python -m services.catalog_opt_in rerender")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    for table in ("spelling", "product_words"):
        op.drop_table(table)
