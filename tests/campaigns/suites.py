"""Campaigns that are made of tests, at their full size: `make campaign-isolation` and the like.

python -m tests.campaigns.suites NAME; what each test says that it tried (`record_property`) is
added up and written into docs/campaigns.md. Ends with pytest's exit code.
"""

import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from tests.campaigns.record import record, table

SUITES = {
    "isolation": (
        "tests/isolation/test_matrix_http.py",
        "tests/isolation/test_matrix_rpcs.py",
        "tests/isolation/test_rpcs.py::test_nobody_is_let_in_without_proof",
        "tests/isolation/test_replay.py",
        "tests/isolation/test_fuzz.py",
        "tests/gateway/identity/test_token_battery.py",
    ),
    "access": (
        "tests/tenant_registry/roles/test_random_walks.py",
        "tests/tenant_registry/roles/test_evaluation_against_cedar.py",
        "tests/tenant_registry/roles/test_guardians.py::test_concurrent_revocations_of_each_other_leave_a_tenant_one_admin",
        "tests/gateway/admin/test_revocations.py::test_writes_are_refused_everywhere_as_soon_as_a_revocation_is_acknowledged",
    ),
    "audit": ("tests/audit/test_tampering.py",),
}
_LONGEST_TEST_SECONDS = 4 * 3600


@dataclass
class Row:
    """All cases of one test."""

    cases: int = 0
    failed: int = 0
    seconds: float = 0.0
    tried: Counter[str] = field(default_factory=Counter)


class Collector:
    """Hears from pytest how each test ended."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = defaultdict(Row)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        row = self.rows[report.nodeid.partition("[")[0]]
        row.seconds += report.duration
        row.failed += report.failed
        if report.when == "call":
            row.cases += 1
            for what, number in report.user_properties:
                row.tried[what] += int(str(number))


def summary(rows: dict[str, Row]) -> list[str]:
    """Makes a table of what was tried; a test that counts nothing has its cases."""
    lines = []
    for name, row in rows.items():
        sentence = name.rpartition("::test_")[2].replace("_", " ")
        tried = ", ".join(f"{number:,} {what}" for what, number in row.tried.items())
        lines.append(
            (sentence, tried or f"{row.cases} cases", row.failed, f"{row.seconds / 60:.1f}")
        )
    return table(("what holds", "tried", "failed", "minutes"), lines)


def main(name: str) -> int:
    os.environ["SOUK_CAMPAIGN"] = name
    collector = Collector()
    options = ["-q", "-n", "2", "--dist", "loadscope", f"--timeout={_LONGEST_TEST_SECONDS}"]
    code = pytest.main([*options, *SUITES[name]], plugins=[collector])
    lines = summary(collector.rows)
    print("\n".join(lines))
    if collector.rows:
        record(name, f"make campaign-{name}", lines)
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
