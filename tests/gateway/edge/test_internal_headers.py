"""Headers that no client may send: dropped in every spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.internal_headers import _INTERNAL, is_internal


@given(st.sampled_from(sorted(_INTERNAL - {b"xtenantid"})), st.data())
def test_no_spelling_of_an_internal_header_gets_in(name, data):
    spelled = b"".join(
        bytes([letter]) + data.draw(st.sampled_from([b"", b"-", b"_", b".", b"--"]))
        for letter in name
    )

    assert is_internal(spelled)


@pytest.mark.parametrize("name", [b"x_tenant_id", b"xtenantid", b"x.tenant.id", b"x-tenant_id"])
def test_only_one_spelling_of_the_tenant_header_counts(name):
    assert is_internal(name)
    assert not is_internal(b"x-tenant-id")


@pytest.mark.parametrize("name", [b"host", b"authorization", b"x-medusa-locale", b"accept"])
def test_other_headers_are_passed_on(name):
    assert not is_internal(name)
