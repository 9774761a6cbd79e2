"""Whether an answer is what the API's own OpenAPI document says it will be."""

from typing import Any, Final
from urllib.parse import quote

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from tools.smoke.live import BrokenPromise, Live, body_of, keep

PROBLEM_TYPE: Final = "application/problem+json"
_DOCUMENT: Final = "urn:openapi"


def check(live: Live, route: str, answer: httpx.Response) -> None:
    """Hold an answer of a route, such as `/packages/{package}`, to its status's entry in the document.

    Raises:
        BrokenPromise: the document does not know this answer, or the body is not as it says.
    """
    responses = live.contract().get("paths", {}).get(route, {}).get("get", {}).get("responses", {})
    keep(that=bool(responses), broken=f"/openapi.json has no GET {route}")
    status = str(answer.status_code)
    keep(that=status in responses, broken=f"/openapi.json has no {status} for {route}")
    media_type = media_type_of(answer)
    described = responses[status].get("content", {})
    keep(
        that=media_type in described,
        broken=f"{status} is sent as {media_type}, and not as {' or '.join(described)}",
    )
    if media_type.endswith("json"):
        place = ("paths", route, "get", "responses", status, "content", media_type, "schema")
        _validate(live, body_of(answer), place)


def check_problem(live: Live, answer: httpx.Response, status: int) -> None:
    """Hold an answer to RFC 9457 as the document's `ProblemDocument` has it, whatever its route.

    Raises:
        BrokenPromise: another status, media type or body.
    """
    keep(
        that=answer.status_code == status,
        broken=f"{answer.request.url.path} answers {answer.status_code} and not {status}",
    )
    media_type = media_type_of(answer)
    keep(that=media_type == PROBLEM_TYPE, broken=f"the error is sent as {media_type}")
    document = body_of(answer)
    _validate(live, document, ("components", "schemas", "ProblemDocument"))
    keep(that=document["status"] == status, broken=f"the error's status is {document['status']}")
    keep(that=document["request_id"] != "", broken="the error has no request_id")


def media_type_of(answer: httpx.Response) -> str:
    """What `Content-Type` says, without its parameters."""
    media_type: str = answer.headers.get("content-type", "").partition(";")[0].strip()
    return media_type or "nothing"


def _validate(live: Live, body: object, place: tuple[str, ...]) -> None:
    """Hold a body to the schema at a place of the document."""
    resource = DRAFT202012.create_resource(live.contract())
    registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
    pointer = "".join(f"/{_escaped(name)}" for name in place)
    schema = {"$ref": f"{_DOCUMENT}#{pointer}"}
    validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
    try:
        error = best_match(validator.iter_errors(body))
    except Unresolvable as missing:
        raise BrokenPromise(f"/openapi.json has no schema for it ({missing})") from missing
    if error is not None:
        raise BrokenPromise(f"{error.json_path}: {error.message[:200]}")


def _escaped(name: str) -> str:
    """A member's name as a JSON pointer inside a URI has it."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~")
