"""Reads that depend on what staff have set up, which commerce tells: under its versions, too."""

import pytest

from tests.gateway.hot.shops import LIST

IN_REGION = f"{LIST}?region_id=reg_1"
OF_SETUP = ("/store/regions", "/store/regions/reg_1", "/store/payment-providers?region_id=reg_1")


@pytest.mark.parametrize("target", [IN_REGION, f"{LIST}/a?region_id=reg_1", *OF_SETUP])
async def test_an_answer_is_of_the_set_up_that_commerce_has(shops, target):
    for shop in ("paris", "lyon"):
        await shops.get(shop, target)
    shops.setups["paris"] = 2
    await shops.write(lambda: None)

    for shop in ("paris", "lyon"):
        await shops.get(shop, target)

    assert len(shops.requests) == 2 + 1 + 1  # both, the write, and paris again


async def test_reads_that_depend_on_no_set_up_ask_for_none(shops):
    for shop in ("paris", "lyon"):
        for _ in range(2):
            await shops.get(shop)

    assert (len(shops.requests), shops.setup_polls) == (2, [])


async def test_reads_that_depend_on_the_set_up_and_those_that_do_not_are_kept_together(shops):
    for shop in ("paris", "lyon"):
        await shops.get(shop, IN_REGION)
        for target in (LIST, IN_REGION, LIST):
            await shops.get(shop, target)

    assert len(shops.requests) == 4


async def test_while_commerce_does_not_say_reads_go_on(shops):
    shops.setup_is_lost = shops.is_last_known = True
    for shop in ("paris", "lyon"):
        for _ in range(3):
            assert (await shops.get(shop, IN_REGION)).status == 200

    assert len(shops.requests) == 2


async def test_last_known_regions_do_not_count_as_the_present_ones(shops):
    for shop in ("paris", "lyon"):
        for is_last_known in (True, False, False):
            shops.is_last_known = is_last_known
            await shops.get(shop, IN_REGION)

    assert len(shops.requests) == 4
