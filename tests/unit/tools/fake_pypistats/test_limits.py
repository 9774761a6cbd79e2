"""5 requests a second and 30 a minute, for each client address and endpoint."""

import pytest

from tools.fake_pypistats.limits import Limits

HERE = "192.0.2.1"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock)


def admitted(limits: Limits, times: int) -> list[bool]:
    return [limits.admit(HERE, "recent") for _ in range(times)]


def test_sixth_request_in_a_second_is_refused(limits: Limits, clock: Clock) -> None:
    assert admitted(limits, 6) == [True] * 5 + [False]
    clock.seconds += 1
    assert admitted(limits, 6) == [True] * 5 + [False]


def test_window_is_fixed(limits: Limits, clock: Clock) -> None:
    admitted(limits, 1)
    clock.seconds += 0.9
    admitted(limits, 4)
    clock.seconds += 0.1
    assert admitted(limits, 5) == [True] * 5


def test_31st_request_in_a_minute_is_refused(limits: Limits, clock: Clock) -> None:
    for _ in range(6):
        assert admitted(limits, 5) == [True] * 5
        clock.seconds += 1
    assert admitted(limits, 1) == [False]
    clock.seconds += 53.9
    assert admitted(limits, 1) == [False]
    clock.seconds += 0.1
    assert admitted(limits, 1) == [True]


def test_second_refuses_before_the_minute_counts(limits: Limits, clock: Clock) -> None:
    admitted(limits, 40)
    for _ in range(5):
        clock.seconds += 1
        assert admitted(limits, 5) == [True] * 5


def test_endpoints_and_addresses_count_alone(limits: Limits) -> None:
    admitted(limits, 6)
    assert limits.admit(HERE, "overall")
    assert limits.admit("192.0.2.2", "recent")


def test_switching_resets_counts(limits: Limits) -> None:
    admitted(limits, 6)
    limits.switch(on=True)
    assert admitted(limits, 6) == [True] * 5 + [False]
    limits.switch(on=False)
    assert admitted(limits, 40) == [True] * 40
