"""How long to wait between attempts."""

from services.kernel.process.backoff import Backoff


def test_waits_double_up_to_the_longest_and_half_of_each_is_random():
    backoff = Backoff(0.1, 1.0)

    for longest in (0.1, 0.2, 0.4, 0.8, 1.0, 1.0):
        assert longest / 2 <= backoff.next() <= longest


def test_after_a_success_the_first_wait_comes_again():
    backoff = Backoff(0.1, 60.0)
    for _ in range(20):
        backoff.next()

    backoff.reset()

    assert backoff.next() <= 0.1
