"""What the gateway's own source must never do."""

import ast
from pathlib import Path

import pytest

import gateway

FILES = sorted(
    path
    for path in Path(gateway.__file__).parent.rglob("*.py")
    if "cli" not in path.relative_to(Path(gateway.__file__).parent).parts
)
# request.url is made from the Host header: a host with a path in it bends whatever reads it.
HOST_MADE = {"url_for", "base_url", "url_path_for"}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_nothing_reads_what_the_host_header_makes(path):
    tree = ast.parse(path.read_text())

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            assert node.attr not in HOST_MADE
            assert ast.unparse(node) != "request.url"


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_middleware_of_the_slow_kind_is_used(path):
    text = path.read_text()

    assert "BaseHTTPMiddleware" not in text
    assert ".middleware(" not in text
    assert "jsonable_encoder" not in text


def test_nothing_happens_on_import():
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                pytest.fail(f"{path}:{node.lineno} calls something on import")
