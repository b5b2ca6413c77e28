"""Worlds of many tenants and products, made by a few statements in the catalogue's database."""

import json
from collections.abc import Callable

import asyncpg

SERVICE = "catalog-opt-in"
Report = Callable[[str], None]
CATEGORIES = 50
_ORIGINAL = "original"
_TEXTS = {"title": "Whey", "description": "A sentence about this product. " * 100}
# Without the parts by whose ids variants and options are told, so that none is in a page of them.
_DOCUMENT = json.dumps(_TEXTS | {"options": [], "variants": []})
# Of the n-th copy, once # is n.
_OFFER = json.dumps(
    {
        **_TEXTS,
        **dict.fromkeys(("subtitle", "thumbnail"), ""),
        **dict.fromkeys(("collection", "type")),
        **{part: [] for part in ("images", "tags", "categories")},
        "id": "copy-#",
        "handle": "whey-#",
        "options": [
            {
                "id": "opt-#",
                "title": "Flavour",
                "values": [{"id": f"optval-{v}-#", "value": v} for v in "ab"],
            }
        ],
        "variants": [
            {
                "id": f"variant-{v}-#",
                "title": v,
                "sku": f"SKU-{v}-#",
                "barcode": "",
                "weight_grams": 0,
                "choices": {"opt-#": f"optval-{v}-#"},
                "prices": {"EUR": 2990, "TND": 89_500},
            }
            for v in "ab"
        ],
    }
)


async def found(superuser: asyncpg.Connection) -> None:
    """Makes the categories, and the product that a world copies."""
    await superuser.execute(
        "INSERT INTO category (category_id, title, title_key, handle, description, rank, depth,"
        " version, created_at, updated_at)"
        " SELECT 'category-' || n, '', '', n::text, '', n, 0, 1, now(), now()"
        " FROM generate_series(1, $1::int) n ON CONFLICT DO NOTHING",
        CATEGORIES,
    )
    await superuser.execute(
        "INSERT INTO offer (product_id, status, version, document)"
        " VALUES ($1, 'PUBLISHED', 1, $2) ON CONFLICT DO NOTHING",
        _ORIGINAL,
        _OFFER,
    )
    await superuser.execute(
        "INSERT INTO market_document (product_id, currency, document)"
        " VALUES ($1, 'EUR', $2), ($1, 'TND', $2) ON CONFLICT DO NOTHING",
        _ORIGINAL,
        _DOCUMENT[:-1].encode(),
    )


async def grow(
    superuser: asyncpg.Connection,
    *,
    tenants: int,
    products: int,
    report: Report = lambda step: None,
) -> int:
    """Makes the world as large as that; returns how many listings there are.

    The first tenant, paris, lists every product, and the n-th as many as n^1.5 fit into that, but
    at least one.
    """
    report("products")
    await superuser.execute(
        "INSERT INTO offer"
        " SELECT 'copy-' || n, o.status, o.version, replace(o.document, '#', n::text)"
        " FROM offer o, generate_series(1, $2::int) n WHERE o.product_id = $1"
        " ON CONFLICT DO NOTHING",
        _ORIGINAL,
        products,
    )
    await superuser.execute(
        "INSERT INTO market_document SELECT 'copy-' || n, m.currency, m.document"
        " FROM market_document m, generate_series(1, $2::int) n WHERE m.product_id = $1"
        " ON CONFLICT DO NOTHING",
        _ORIGINAL,
        products,
    )
    report("titles in other languages")
    # Every other product has an Arabic title, every third a French one, in another order.
    await superuser.execute(
        "INSERT INTO product_title SELECT 'copy-' || n, locale, title, title"
        " FROM generate_series(1, $1::int) n, (VALUES ('ar', 2), ('fr', 3)) locales (locale, nth),"
        " LATERAL (SELECT 'whey ' || left(md5(locale || n), 4) AS title) titles"
        " WHERE n % nth = 0 ON CONFLICT DO NOTHING",
        products,
    )
    report("products of the head office")
    await _add_products(superuser, products)
    report("words of the search")
    # A word that all have, two of which each product has one, some that one in ten has, or one in a
    # hundred, and others.
    await superuser.execute(
        "INSERT INTO product_words SELECT 'copy-' || n, title, title || setweight(to_tsvector("
        " 'simple', 'tenth' || n % 10 || ' hundredth' || n % 100 || ' ' || filler), 'D')"
        " FROM generate_series(1, $1::int) n, LATERAL (SELECT setweight(to_tsvector("
        " 'simple', 'whey ' || n || ' ' || md5(n::text)"
        " || CASE n % 2 WHEN 0 THEN ' even' ELSE ' odd' END), 'A') AS title) titles, LATERAL ("
        " SELECT string_agg('filler' || n * k % 5003, ' ') AS filler"
        " FROM generate_series(1, 40) k) fillers ON CONFLICT DO NOTHING",
        products,
    )
    await superuser.execute(
        "INSERT INTO spelling SELECT overlay(word placing '' from k for 1), word"
        " FROM (SELECT 'filler' || n AS word FROM generate_series(1, $1::int) n"
        "  UNION SELECT 'whey') words, generate_series(1, 4) k ON CONFLICT DO NOTHING",
        products,
    )
    report("options and variants")
    await superuser.execute(
        "INSERT INTO offer_option (product_id, option_id, title, title_key)"
        " SELECT 'copy-' || n, 'opt-' || n, 'Flavour', 'flavour'"
        " FROM generate_series(1, $1::int) n ON CONFLICT DO NOTHING",
        products,
    )
    await superuser.execute(
        "INSERT INTO offer_value (product_id, option_id, value_id, value)"
        " SELECT 'copy-' || n, 'opt-' || n, 'optval-' || v.id || '-' || n, v.text"
        " FROM generate_series(1, $1::int) n, (VALUES ('a', 'Chocolate'), ('b', 'Vanilla'))"
        " v (id, text) ON CONFLICT DO NOTHING",
        products,
    )
    await superuser.execute(
        "INSERT INTO offer_variant (product_id, variant_id, title_key, search, sku, value_ids,"
        " currencies)"
        " SELECT 'copy-' || n, 'variant-' || v || '-' || n, v, v, 'SKU-' || v || '-' || n,"
        " ARRAY['optval-' || v || '-' || n], ARRAY['EUR', 'TND']"
        " FROM generate_series(1, $1::int) n, unnest(ARRAY['a', 'b']) v ON CONFLICT DO NOTHING",
        products,
    )
    report("listings")
    await superuser.execute(
        "INSERT INTO tenant_catalogue (tenant_id, currency, version, visible_count)"
        " SELECT CASE n WHEN 1 THEN 'paris' ELSE 'shop-' || n END, 'EUR', 1, 0"
        " FROM generate_series(1, $1::int) n ON CONFLICT DO NOTHING",
        tenants,
    )
    await superuser.execute(
        "INSERT INTO listing (tenant_id, listing_id, state, product_status, priced, visible,"
        " title, title_key, handle, thumbnail, search, version, format, lowest_minor, offered_at,"
        " created_at, updated_at)"
        " SELECT CASE t WHEN 1 THEN 'paris' ELSE 'shop-' || t END, 'copy-' || n, 'LIVE',"
        " 'PUBLISHED', true, true, 'Whey ' || n, 'whey ' || n, 'whey-' || n, '',"
        " 'whey ' || md5(n::text), 1, 3, n % 5000 + 1, at, at, at"
        " FROM generate_series(1, $1::int) t,"
        " LATERAL generate_series(1, greatest(1, ($2 / t ^ 1.5)::int)) n,"
        " LATERAL (SELECT now() - n * interval '1 minute' AS at) moment"
        " ON CONFLICT DO NOTHING",
        tenants,
        products,
    )
    report("categories of listings")
    await superuser.execute(
        "INSERT INTO listing_category (tenant_id, category_id, listing_id)"
        " SELECT l.tenant_id, c.category_id, l.listing_id FROM listing l"
        " JOIN (SELECT category_id, row_number() OVER (ORDER BY category_id) - 1 AS n"
        " FROM category) c ON c.n = abs(hashtext(l.listing_id)) % $1"
        " WHERE l.listing_id LIKE 'copy-%' ON CONFLICT DO NOTHING",
        CATEGORIES,
    )
    await superuser.execute(
        "UPDATE tenant_catalogue c SET visible_count = l.count FROM"
        " (SELECT tenant_id, count(*) FROM listing WHERE visible GROUP BY tenant_id) l"
        " WHERE l.tenant_id = c.tenant_id"
    )
    report("statistics")
    # As autovacuum does, sooner or later.
    await superuser.execute("VACUUM ANALYZE")
    return int(await superuser.fetchval("SELECT count(*) FROM listing"))


async def _add_products(superuser: asyncpg.Connection, products: int) -> None:
    """Adds the head office's own rows of products and their variants."""
    await superuser.execute(
        "INSERT INTO product (tenant_id, product_id, title, title_key, subtitle, description,"
        " handle, status, thumbnail, search, version, created_at, updated_at)"
        " SELECT 'hq', 'copy-' || n, 'Whey ' || n, 'whey ' || n, '', '', 'whey-' || n,"
        " 'PUBLISHED', '', 'whey ' || n, 1, at, at FROM generate_series(1, $1::int) n,"
        " LATERAL (SELECT now() - n * interval '1 minute' AS at) moment ON CONFLICT DO NOTHING",
        products,
    )
    await superuser.execute(
        "INSERT INTO variant (tenant_id, product_id, place, variant_id, title, sku, barcode,"
        " weight_grams)"
        " SELECT 'hq', 'copy-' || n, v.place, 'variant-' || v.id || '-' || n, v.id,"
        " 'SKU-' || v.id || '-' || n, '', 1 FROM generate_series(1, $1::int) n,"
        " (VALUES (0, 'a'), (1, 'b')) v (place, id) ON CONFLICT DO NOTHING",
        products,
    )
