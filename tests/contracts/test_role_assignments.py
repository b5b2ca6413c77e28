"""Roles are given and taken in one place: found in the source, not promised in a document."""

import ast
from collections.abc import Iterator

from tests.isolation import discovery

GRANTS = "services/tenant_registry/roles/assigning.py"
MIGRATIONS = "/migrations/"
STATEMENTS = {"insert", "update", "delete"}
# What ends an assignment, in a file that knows of assignments: other tables have such columns too.
ENDS = {"revoke_time", "revoked_by", "revoke_reason"}


def _writes(tree: ast.Module) -> Iterator[str]:
    """Names what a file does that would write an assignment."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            on = [ast.unparse(one).rpartition(".")[2] for one in node.args]
            if called == "Assignment" and not ast.unparse(node.func).startswith("pb."):
                yield "makes one"
            if called in STATEMENTS and "Assignment" in on:
                yield called
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = {n.attr for t in targets for n in ast.walk(t) if isinstance(n, ast.Attribute)}
            if named & ENDS and names & {"Assignment", "assignment_at"}:
                yield "ends one"


def _found() -> dict[str, set[str]]:
    return {
        path: set(_writes(tree))
        for path, tree in discovery.trees()
        if path.startswith("services/tenant_registry") and MIGRATIONS not in path
    }


def test_one_file_alone_makes_and_ends_assignments():
    writing = {path: what for path, what in _found().items() if what}

    assert writing.pop(GRANTS) == {"makes one", "ends one"}
    # Those that make the message of the contract, which is stored nowhere.
    assert set(writing) <= {"services/tenant_registry/roles/messages.py"}


def test_a_role_that_nobody_holds_is_given_in_two_places():
    """To the platform's first admin, and to who creates a tenant."""
    calling = {
        path
        for path, tree in discovery.trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("give_first")
    }

    assert calling == {
        "services/tenant_registry/bootstrap.py",
        "services/tenant_registry/tenants/tenants.py",
    }
