"""The kernel as a whole: what it may not know."""

from pathlib import Path

from deploy.manifest import BY_NAME

KERNEL = Path(__file__).resolve().parents[2] / "services/kernel"


def test_the_kernel_names_no_service_besides_audit():
    """Every service's events go to audit; of all others, code that all share may not know."""
    names = {spelling for name in BY_NAME for spelling in (name, name.replace("-", "_"))}
    names -= {"audit", "gateway", "witness"}

    found = [
        (str(path.relative_to(KERNEL)), name)
        for path in sorted(KERNEL.rglob("*.py"))
        for name in names
        if name in path.read_text()
    ]

    assert found == []
