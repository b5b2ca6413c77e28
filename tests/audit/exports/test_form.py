"""The offline verifier refuses an export that is not of its form to the letter."""

import csv
import json
import random

import pytest

from gateway.cli import exports
from tests.audit.exports.made_exports import flaw_of, flaw_of_file
from tests.campaigns import forging


@pytest.fixture
def table(records):
    return [next(csv.reader([line])) for line in forging.lines_of(records, form="csv")]


def flaw_of_table(table, path):
    return flaw_of_file([forging._csv_line(row) for row in table], path / "x.csv")


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_export_that_was_torn_off_anywhere_is_bad(records, form, tmp_path):
    whole = "".join(forging.lines_of(records, form=form))

    # Without its last line's end it still says everything.
    for end in random.Random(form).sample(range(len(whole) - 1), 200):
        assert flaw_of_file([whole[:end]], tmp_path / f"x.{form}"), end


@pytest.mark.parametrize("place", [0, 2, 4, -1])
def test_a_line_has_the_keys_of_its_form_and_no_other(records, place):
    assert flaw_of(records) == ""

    records[place] |= {"actor": "admins/innocent"}

    assert "must have exactly these fields" in flaw_of(records)


@pytest.mark.parametrize("place", [4, -1])
def test_so_does_what_is_in_a_line(records, place):
    [inner] = records[place].values()
    inner |= {"actor": "admins/innocent"}

    assert "must have exactly these fields" in flaw_of(records)


def test_an_entry_with_a_foreign_key_is_named(records):
    records[2] |= {"actor": "admins/innocent"}

    assert (
        flaw_of(records)
        == "entry 1 must have exactly these fields: index, envelope, payload, salt, signature, leaf"
    )


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [(0, "size", "3"), (0, "size", 3.0), (1, "index", False), (1, "payload", 5), (1, "salt", 5)],
)
def test_each_value_is_of_its_kind(records, place, key, value):
    records[place] |= {key: value}

    assert "must have exactly these fields" in flaw_of(records)


def test_two_checkpoints_of_one_size_are_bad(records):
    forged = {"checkpoint": {"size": 1, "note": "forged"}}

    flaw = flaw_of([*records[:4], forged, *records[4:]])

    assert flaw == "the checkpoint after size 1 has size 1"


@pytest.mark.parametrize("place", [0, 2, 4, -1])
def test_no_key_stands_twice_in_a_line(records, place, tmp_path):
    lines = forging.lines_of(records, form="ndjson")
    key = next(iter(records[place]))
    lines[place] = lines[place].replace("{", f'{{"{key}":"forged",', 1)

    flaw = flaw_of_file(lines, tmp_path / "x.ndjson")

    where = f"line {place % len(lines) + 1}"
    assert flaw == f"{where} is not part of an export: an object has the same key twice"


def test_a_table_that_nobody_touched_is_good(table, tmp_path):
    assert flaw_of_table(table, tmp_path) == ""


@pytest.mark.parametrize("name", ["approver", "actor", "record", ""])
@pytest.mark.parametrize("at", [0, 11])
def test_a_table_has_the_columns_of_its_form_and_none_twice(table, name, at, tmp_path):
    for number, row in enumerate(table):
        row.insert(at, "admins/innocent" if number else name)

    assert "the columns of the table" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("line", [2, 3, -1])
def test_no_row_has_a_cell_beside_the_columns(table, line, tmp_path):
    table[line].append("admins/innocent")

    assert "does not have exactly the cells" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("line", [1, 5, -1])
def test_nothing_stands_beside_a_record(table, line, tmp_path):
    table[line][2] = "admins/innocent"

    assert "neither an entry nor a record" in flaw_of_table(table, tmp_path)


def test_an_entry_of_a_table_shows_what_is_in_it(table, records, tmp_path):
    table[2] = [*[""] * 11, json.dumps(records[1])]

    assert "neither an entry nor a record" in flaw_of_table(table, tmp_path)


@pytest.mark.parametrize("name", exports._READABLE)
@pytest.mark.parametrize("text", ["admins/innocent", "", "=1+1", "''=1+1"])
def test_a_cell_that_shows_another_text_than_the_envelope_is_named(table, name, text, tmp_path):
    assert table[3][2] == "'=1+1"

    table[3][table[0].index(name)] = text

    assert flaw_of_table(table, tmp_path) == f"entry 1 shows a different {name} than its envelope"
