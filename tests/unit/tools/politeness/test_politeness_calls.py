"""The calls that upstream saw, counted in whatever span has the most."""

import httpx

from tools.fake_pypistats import FakePypistats
from tools.politeness.calls import Call, EndpointCalls, by_endpoint, most_within, read_calls


def calls(endpoint: str, *arrivals: tuple[str, float, int]) -> list[Call]:
    return [Call(package, endpoint, counted_s, status) for package, counted_s, status in arrivals]


def test_the_worst_span_is_found_wherever_it_starts() -> None:
    assert most_within([0, 10.6, 10.7, 11.5, 11.6, 30], 1) == 3


def test_the_end_of_a_span_is_not_part_of_it() -> None:
    assert most_within([5, 6], 1) == 1


def test_the_order_of_moments_does_not_matter() -> None:
    assert most_within([3.2, 3.0, 3.1], 1) == 3


def test_without_calls_there_is_no_worst_span() -> None:
    assert most_within([], 60) == 0
    assert by_endpoint([]) == []


def test_each_endpoint_is_counted_for_itself() -> None:
    counted = by_endpoint(
        [
            *calls("system", ("rich", 1, 200)),
            *calls("overall", ("rich", 1, 200), ("rich", 1.5, 429), ("boto3", 50, 200)),
        ]
    )
    assert counted == [
        EndpointCalls("overall", 3, 2, 2, 2, 3, 1),
        EndpointCalls("system", 1, 1, 1, 1, 1, 0),
    ]


def test_the_record_of_the_stand_in_is_read() -> None:
    with FakePypistats() as upstream:
        for path in ("/api/packages/rich/overall", "/api/packages/rich/recent", "/elsewhere"):
            httpx.get(upstream.url + path, trust_env=False)
        found = read_calls(upstream.url)
    assert [(call.package, call.endpoint, call.status) for call in found] == [
        ("rich", "overall", 200),
        ("rich", "recent", 200),
    ]
    assert found[0].counted_s < found[1].counted_s


def test_a_call_beyond_the_limits_is_seen_as_refused() -> None:
    with FakePypistats(limits_clock=lambda: 0.0) as upstream:
        for _ in range(6):
            httpx.get(f"{upstream.url}/api/packages/rich/overall", trust_env=False)
        (overall,) = by_endpoint(read_calls(upstream.url))
    assert (overall.total, overall.refused) == (6, 1)
