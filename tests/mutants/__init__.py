"""`make mutants`: every guard of the platform, taken out once, and the test that notices.

The entries are in the `.toml` files of this folder, one file for one part of the code. To add one:

    [[mutant]]
    guard = "a scope is for one service"          # what protects, in words
    mutant = "the audience is not compared"       # what is wrong with it now
    file = "services/kernel/call/credentials.py"
    within = "Verifier._scope"                    # the function; without it, the whole file
    was = 'claims["aud"] != self._audience'       # stands exactly once there
    becomes = "False"
    killer = "tests/kernel/call/test_credentials.py::test_a_scope_that_is_wrong_in_any_way…"

`killer` is a test that passes as the code is, and fails with the mutant: by an assertion, not
because a fixture broke. A quick one is better than one that needs the whole platform. Several tests
are separated by spaces, and a text may have several lines. `make test` checks of each entry that
its text and its killer exist; `make mutants M="some words"` runs those that contain these words.
"""
