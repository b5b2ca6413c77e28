"""A base backup that fails is told, and leaves the earlier ones as they are."""


async def test_a_full_store_is_told_and_nothing_half_is_left(alive):
    taken = alive.command("base")
    first = alive.store.bases()

    done = alive.command("base", limit="1000")

    assert taken.returncode == 0, taken.stdout
    assert len(first) == 1
    assert done.returncode == 1
    assert "cannot write to" in done.stdout
    assert "File too large" in done.stdout
    assert alive.store.bases() == first
    assert [file.name for file in (alive.store.folder / "base").iterdir()] == [first[0].name]


async def test_a_refusal_of_pg_basebackup_is_told(alive):
    url, alive.url = alive.url, alive.url.replace("postgres:", "nobody:")
    done = alive.command("base")
    alive.url = url

    assert done.returncode == 1
    assert "password authentication failed" in done.stdout


async def test_base_backups_are_listed(alive):
    done = alive.command("list")

    assert done.returncode == 0
    assert alive.store.bases()[0].name in done.stdout
