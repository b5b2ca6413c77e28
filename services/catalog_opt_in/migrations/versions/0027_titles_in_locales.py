"""Products are sorted by the titles that shoppers read.

Reversible: `downgrade` makes the function that it replaces as it was.
"""

from importlib import import_module

from alembic import op

revision = "0027"
down_revision = "0026"

DATABASE = "catalog_opt_in"

_counts = import_module("services.catalog_opt_in.migrations.versions.0025_counts_and_filters")

# No index has the titles of all products as they are shown, since the shop decides which locale is.
# But each locale has an index of those that it has, and so has the head office's.
_SHOWN_TITLE = """CASE WHEN by_titles THEN 'coalesce((SELECT t.title_key FROM product_title t
        WHERE t.product_id = l.listing_id AND t.locale = ANY (' || locales || ')
        ORDER BY array_position(' || locales || ', t.locale) LIMIT 1), l.title_key)'
      ELSE 'l.title_key' END"""
_MERGED = """\
  IF by_titles THEN
    -- Merged from as many titles of each locale as the page ends at, without those of products that
    -- one before it has, and from the head office's, without those that any has.
    IF is_nearer_to_end THEN
      direction := reversed;
    END IF;
    page := '(SELECT l.listing_id, l.title_key AS key' || wanted
      || ' AND NOT EXISTS (SELECT FROM product_title t WHERE t.product_id = l.listing_id'
      || ' AND t.locale = ANY (' || locales || ')) ORDER BY l.title_key' || direction
      || ', l.listing_id' || direction || ' LIMIT $2 + $3)';
    FOR n IN 1 .. cardinality(p_locales) LOOP
      page := page || ' UNION ALL (SELECT l.listing_id, t.title_key AS key FROM product_title t'
        || ' CROSS JOIN LATERAL (SELECT l.listing_id' || wanted
        || ' AND l.listing_id = t.product_id) l WHERE t.locale = ' || quote_literal(p_locales[n])
        || ' AND NOT EXISTS (SELECT FROM product_title b WHERE b.product_id = t.product_id'
        || ' AND b.locale = ANY (' || quote_literal(p_locales[1:n - 1]) || '::text[]))'
        || ' ORDER BY t.title_key' || direction || ', t.product_id' || direction
        || ' LIMIT $2 + $3)';
    END LOOP;
    page := 'SELECT m.listing_id FROM (' || page || ') m ORDER BY m.key' || direction
      || ', m.listing_id' || direction || ' LIMIT $2 OFFSET $3';
    direction := CASE WHEN p_descending THEN ' DESC' ELSE ' ASC' END;
  END IF;
"""


def _replaced(function: str, text: str, by: str) -> str:
    if function.count(text) != 1:
        raise ValueError(f"not there once: {text}")
    return function.replace(text, by)


STORE_PRODUCT_PAGE = _replaced(
    _counts.STORE_PRODUCT_PAGE, "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
STORE_PRODUCT_PAGE = _replaced(
    STORE_PRODUCT_PAGE,
    "  sorted text := CASE",
    "  by_titles boolean := p_order = 'title' AND cardinality(p_locales) > 0;\n"
    "  locales text := quote_literal(p_locales) || '::text[]';\n"
    "  sorted text := CASE",
)
STORE_PRODUCT_PAGE = _replaced(
    STORE_PRODUCT_PAGE, "WHEN 'title' THEN 'l.title_key'", f"WHEN 'title' THEN {_SHOWN_TITLE}"
)
STORE_PRODUCT_PAGE = _replaced(
    STORE_PRODUCT_PAGE,
    "IF looked_through < 2 * counted THEN",
    "IF looked_through < 2 * counted AND NOT by_titles THEN",
)
_LAST = f"  EXECUTE 'SELECT ARRAY(SELECT {_counts._DOCUMENT} FROM (' || page || ') page'\n"  # noqa: S608
STORE_PRODUCT_PAGE = _replaced(STORE_PRODUCT_PAGE, _LAST, _MERGED + _LAST)


def upgrade() -> None:
    op.execute(STORE_PRODUCT_PAGE)


def downgrade() -> None:
    op.execute(_counts.STORE_PRODUCT_PAGE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
