"""Searches that find few or nothing look once, instead of several times.

Words that many products have each, and few or none have all, are found in one look at the index.
Variants and options are looked through once, by conditions that need no query for each of them.

Reversible: `downgrade` makes the functions that it replaces as they were.
"""

from importlib import import_module

from alembic import op

revision = "0028"
down_revision = "0027"

_titles = import_module("services.catalog_opt_in.migrations.versions.0027_titles_in_locales")
_counts = _titles._counts
_replaced = _titles._replaced

_FOUND_ONCE = """\
    IF before IS NOT NULL AND with_all = 0 AND p_order = 'relevance' THEN
      -- Nothing new has all words, so few have them, or none: titles are among these. It is found
      -- whole, or PostgreSQL, which expects many, would look for the first in each product.
      WITH found AS MATERIALIZED (
        SELECT p.product_id FROM product_words p WHERE p.words @@ whole)
      SELECT array_agg(f.product_id) INTO hits FROM (SELECT * FROM found LIMIT most) f;
      IF coalesce(cardinality(hits), 0) < most THEN
        titles := '(SELECT * FROM product_words p WHERE p.product_id = ANY ($12) OFFSET 0) w';
        texts_of := titles;
      END IF;
    END IF;
"""
STORE_PRODUCT_PAGE = _titles.STORE_PRODUCT_PAGE
for _text, _by in (
    ("  with_all integer;\n", "  with_all integer;\n  hits text[];\n"),
    ("    beginnings := CASE\n", _FOUND_ONCE + "    beginnings := CASE\n"),
    (
        "before;\n    RETURN NEXT;\n    RETURN;\n  END IF;\n  -- Of one place",
        "before, hits;\n    RETURN NEXT;\n    RETURN;\n  END IF;\n  -- Of one place",
    ),
):
    STORE_PRODUCT_PAGE = _replaced(STORE_PRODUCT_PAGE, _text, _by)

# All words of a query are in a text, each in a condition of its own.
_EACH_WORD = """coalesce((SELECT string_agg(' AND strpos(%s, ' || quote_literal(word)
      || ') > 0', '') FROM unnest(string_to_array(p_query, ' ')) word), '');"""
_SEARCHED = (("v.search", "$7"), ("o.title_key", "$6"))
_COUNTED = "p_query, currency;\n  EXECUTE 'SELECT array_agg"
_ENDED_EARLY = _COUNTED.replace(
    ";\n", ";\n  IF total = 0 THEN\n    RETURN NEXT;\n    RETURN;\n  END IF;\n"
)


def _looked_through_once(function: str) -> str:
    for text, query in _SEARCHED:
        words = _counts._filters._quoted(_counts._translations._parts._WORDS % (text, query))
        condition = f"CASE WHEN p_query IS NULL THEN '' ELSE ' AND {words}' END;"
        function = function.replace(condition, _EACH_WORD % text)
    made: str = _replaced(function, _COUNTED, _ENDED_EARLY)
    return made


def _of_parts() -> list[str]:
    functions = _counts._translations.FUNCTIONS
    return [_counts._bounded(functions[name]) for name in _counts._OF_PARTS]


def upgrade() -> None:
    op.execute(STORE_PRODUCT_PAGE)
    for function in _of_parts():
        op.execute(_looked_through_once(function))


def downgrade() -> None:
    op.execute(_titles.STORE_PRODUCT_PAGE)
    for function in _of_parts():
        op.execute(function)
