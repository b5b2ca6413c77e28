"""The commands of the README, the tour and the page on storefronts do what those pages say."""

import shutil

import pytest

from tests.journeys.shell import blocks, typed

WITH_CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are curl's")
PRINTED_URL, ROOTS_STATE = "http://127.0.0.1:8000", "/var/lib/souk"
# There is no cluster here.
TRIED = [block for block in blocks("README.md") if not block[0].startswith("kubectl ")]
TOUR = blocks("docs/tour.md")
[PURCHASE] = (block for block in blocks("docs/storefront.md") if block[1])
_END = "the end of a block"


def test_the_pages_have_commands_to_try():
    assert len(TRIED) == 3
    assert len(TOUR) == 6
    assert all(printed for _, printed in (*TRIED, *TOUR))


@WITH_CURL
@pytest.mark.parametrize(("commands", "printed"), TRIED, ids=range(len(TRIED)))
async def test_the_commands_print_what_the_readme_shows(platform, admin_token, commands, printed):
    output = await typed(commands.replace(PRINTED_URL, platform.url), TOKEN=admin_token)

    assert output.splitlines() == printed.splitlines()


@WITH_CURL
@pytest.mark.usefixtures("no_attempts")
async def test_the_tour_prints_what_it_shows(platform):
    """In one shell, as each block goes on where the one before ended."""
    script = f"echo {_END}\n".join(commands for commands, _ in TOUR)
    here = script.replace(PRINTED_URL, platform.url).replace(
        ROOTS_STATE, str(platform.state.folder)
    )

    output = (await typed(here)).split(f"{_END}\n")

    assert output == [printed for _, printed in TOUR]


@WITH_CURL
async def test_a_purchase_by_hand_ends_as_the_page_on_storefronts_shows(platform):
    commands, printed = PURCHASE

    output = await typed(commands.replace(PRINTED_URL, platform.url))

    assert output == printed
