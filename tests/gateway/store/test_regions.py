"""The region of a shop."""


async def test_a_region_is_its_own_shops_alone(http, read, host):
    paris = (await read("paris", "/store/regions"))["regions"][0]
    hq = (await read("hq", "/store/regions"))["regions"][0]

    assert (paris["id"], paris["currency_code"], hq["currency_code"]) == ("reg_paris", "eur", "tnd")
    assert [country["iso_2"] for country in paris["countries"]] == ["fr"]
    assert await read("paris", "/store/regions/reg_paris") == {"region": paris}
    for missing in ("reg_hq", "reg_lyon", "reg_nobody"):
        answer = await http.get(f"/store/regions/{missing}", headers=host("paris"))
        assert (answer.status_code, answer.json()["code"]) == (404, "REGION_NOT_FOUND")
