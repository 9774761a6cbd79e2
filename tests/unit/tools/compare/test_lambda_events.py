"""The events that the functions are invoked with, as the functions read them."""

import json

from apigateway.event import read_event
from tools.compare.lambda_arena.events import HEALTH, comparison, one_package
from tools.compare.lambda_arena.packages import PACKAGES, some
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY


def test_a_function_loses_nothing_of_an_event_that_a_route_reads() -> None:
    event = json.loads(comparison(["a", "b"]))
    clean = read_event(event)

    assert (clean["rawPath"], clean["rawQueryString"]) == ("/compare", "packages=a,b")
    assert clean["headers"] == {"accept": event["headers"]["accept"]}
    assert clean["requestContext"]["requestId"] == event["requestContext"]["requestId"]


def test_each_request_has_its_path() -> None:
    paths = [json.loads(event)["rawPath"] for event in (HEALTH, one_package("boto3"))]
    assert paths == ["/health", "/packages/boto3"]


def test_fifty_ordinary_packages_of_the_stand_in_can_be_asked_for() -> None:
    assert len(set(some(50))) == 50
    assert set(PACKAGES) < set(DOWNLOADS_PER_DAY)
    assert not any(name.startswith(("__", "pulse-")) for name in PACKAGES)
