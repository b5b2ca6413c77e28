import pytest

from services.audit import rules

GOOD = {
    "service": "catalog-opt-in",
    "method": "souk.x.v1.Y/Z",
    "resource": "",
    "actor": "admins/user_1",
    "request_id": "",
}


def faults(is_dated=True, has_outcome=True, changes=(), **texts):
    return rules.faults(
        GOOD | texts,
        teller="services/catalog-opt-in",
        is_dated=is_dated,
        has_outcome=has_outcome,
        changes=changes,
    )


def test_a_whole_event_has_no_fault():
    assert faults() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": ""},
        {"service": "tenant-registry"},
        {"actor": ""},
        {"method": ""},
        {"is_dated": False},
        {"has_outcome": False},
        {"changes": ["x"] * (rules.MOST_CHANGES + 1)},
        {"changes": ["é" * 300_000] * 2},
        {"resource": "x" * (rules.LONGEST["resource"] + 1)},
    ],
)
def test_each_fault_is_named_once(wrong):
    assert len(faults(**wrong)) == 1


def test_length_counts_in_bytes_because_the_index_does():
    letters = rules.LONGEST["actor"] // 2

    assert faults(actor="é" * letters) == []
    assert faults(actor="é" * (letters + 1)) == ["actor has more than 400 bytes"]


def test_an_answer_takes_what_fits_and_at_least_one():
    half = "x" * (rules.PAGE_BYTES // 2)

    assert rules.fitting([]) == 0
    assert rules.fitting(["[]"] * 200) == 200
    assert rules.fitting([half, half, half]) == 2
    assert rules.fitting([half * 3, half]) == 1


def test_all_faults_come_at_once():
    assert len(faults(service="", actor="", is_dated=False)) == 3
