"""What a product may hold, without a database."""

from dataclasses import replace
from datetime import UTC, datetime

from services.catalog_opt_in.products.model import Image, Product
from services.catalog_opt_in.products.rules import problems

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ELSEWHERE = "/static/a.webp"


def product(**fields):
    return Product(
        product_id="prod_1",
        title="Whey",
        handle="whey",
        status="DRAFT",
        version=1,
        created_at=NOW,
        updated_at=NOW,
        **fields,
    )


def test_a_path_of_a_picture_is_an_uploads_and_the_error_says_so():
    found = dict(problems(product(thumbnail=ELSEWHERE, images=(Image(url=ELSEWHERE),)), None))

    assert found.keys() == {"thumbnail", "images[0].url"}
    assert all("the url of an upload" in text for text in found.values())


def test_a_picture_that_a_product_has_stays_and_no_other_like_it_is_taken():
    stored = product(images=(Image(image_id="img_1", url=ELSEWHERE),))
    another = Image(url="/static/b.webp")

    assert dict(problems(replace(stored, title="Casein", thumbnail=ELSEWHERE), stored)) == {}
    assert dict(problems(replace(stored, images=(*stored.images, another)), stored)).keys() == {
        "images[1].url"
    }
