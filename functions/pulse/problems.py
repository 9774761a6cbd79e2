"""Every way in which a request can fail: one hierarchy, each with its HTTP status and its words.

A problem is raised where it is noticed and becomes an answer in one place of each variant, as an
RFC 9457 document. Its words say what happened and what the caller can do about it.
"""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from pulse.cors import METHODS

MEDIA_TYPE: Final = "application/problem+json"
UNKNOWN_MAX_AGE_S: Final = 300
"""How long a cache may remember an unknown package, which may have its first download any day."""

MAX_ERRORS: Final = 10
"""Most parameters that one answer to bad input names; a request may hold thousands."""

THROTTLED_RETRY_AFTER_S: Final = 60
"""pypistats.org counts calls by the minute and names no time in its 429."""


class InputError(BaseModel):
    """One parameter that could not be used, and why."""

    model_config = ConfigDict(frozen=True)

    location: Annotated[Literal["path", "query"], Field(description="Where the parameter stands.")]
    parameter: Annotated[str, Field(description="Its name.")]
    detail: Annotated[str, Field(description="What is wrong with it and what would be right.")]


class ProblemDetails(BaseModel):
    """What went wrong, in the members of RFC 9457 that do not depend on the request."""

    model_config = ConfigDict(frozen=True)

    type: Annotated[str, Field(description="A URN that names the kind of problem.")]
    title: Annotated[str, Field(description="The kind of problem, in words.")]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Field(description="What happened here and what can be done about it.")]
    retry_after: Annotated[
        int | None,
        Field(
            ge=0,
            description="Seconds to wait before asking again.",
            exclude_if=lambda value: value is None,
        ),
    ] = None
    reserved: Annotated[
        Literal[False] | None,
        Field(
            description="False if no call is reserved for the moment that `retry_after` tells.",
            exclude_if=lambda value: value is None,
        ),
    ] = None


class ProblemDocument(ProblemDetails):
    """The body of every answer with a status of 400 or more, as `application/problem+json`."""

    instance: Annotated[str, Field(description="The path that was asked for, percent-encoded.")]
    request_id: Annotated[str, Field(description="What to quote when you ask about this answer.")]
    errors: Annotated[
        list[InputError] | None,
        Field(
            max_length=MAX_ERRORS,
            description="With a status of 422: the parameters that could not be used, ten at most.",
            exclude_if=lambda value: value is None,
        ),
    ] = None


class Problem(Exception):
    """A failure with an HTTP status. Subclasses say which; the message is the `detail`."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.reserved: Literal[False] | None = None
        self.errors: list[InputError] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers that belong to this problem, beside `Content-Type`."""
        headers = {"cache-control": "no-store"}
        if self.retry_after_s is not None:
            headers["retry-after"] = str(self.retry_after_s)
        return headers

    @property
    def details(self) -> ProblemDetails:
        """The part of the document that does not depend on the request."""
        return ProblemDetails(
            type=f"urn:pypi-pulse:problem:{self.slug}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            retry_after=self.retry_after_s,
            reserved=self.reserved,
        )

    def as_document(self, *, instance: str, request_id: str) -> ProblemDocument:
        """The whole document, for the request to the path `instance`."""
        return ProblemDocument(
            **self.details.model_dump(),
            instance=instance,
            request_id=request_id,
            errors=self.errors,
        )

    def document(self, *, instance: str, request_id: str) -> bytes:
        """As `as_document`, in JSON."""
        return self.as_document(instance=instance, request_id=request_id).model_dump_json().encode()


class InvalidEvent(Problem):
    """The Lambda function was invoked with something that is no HTTP request."""

    slug = "invalid-event"
    title = "Not an HTTP request"
    status = 400


class RouteNotFound(Problem):
    """No route has this path."""

    slug = "route-not-found"
    title = "No such route"
    status = 404

    @classmethod
    def at(cls, path: str) -> Self:
        """The problem of asking for `path`, which no route has."""
        return cls(
            f"There is nothing at {path[:200]!r}. Among the routes are /packages/{{package}}, "
            "/packages/{package}/downloads, /compare?packages=a,b,c and /health, with no slash at "
            "the end."
        )


class MethodNotAllowed(Problem):
    """The path is right and the method is not: the API is read-only."""

    slug = "method-not-allowed"
    title = "Method not allowed"
    status = 405

    @classmethod
    def asked(cls, method: str) -> Self:
        """The problem of asking with `method`."""
        return cls(f"This API is read-only: use GET or HEAD and not {method[:20]}.")

    @property
    def headers(self) -> dict[str, str]:
        """As every problem's, with the methods that are allowed."""
        return {**super().headers, "allow": METHODS}


class InvalidInput(Problem):
    """One or more parameters can't be used. Of many, the first ten are told, and how many more."""

    slug = "invalid-input"
    title = "Invalid input"
    status = 422

    def __init__(self, errors: list[InputError]) -> None:
        told, more = errors[:MAX_ERRORS], len(errors) - MAX_ERRORS
        sentences = [f"{error.parameter}: {error.detail}" for error in told]
        if more > 0:
            sentences.append(f"And {more} more.")
        super().__init__(" ".join(sentences))
        self.errors = told


class InternalError(Problem):
    """A defect of ours. The log has the rest, under the same request id."""

    slug = "internal-error"
    title = "Internal error"
    status = 500

    def __init__(self) -> None:
        super().__init__(
            "PyPI Pulse failed on this request. That is a defect; please report it with the "
            "request id."
        )


class UnknownPackage(Problem):
    """pypistats.org has no downloads under this name."""

    slug = "unknown-package"
    title = "Unknown package"
    status = 404

    @classmethod
    def named(cls, package: str) -> Self:
        """The problem of asking for `package`, of which pypistats.org knows nothing."""
        return cls(
            f"pypistats.org has no downloads for a package named {package!r}. Check the spelling; "
            "a new package appears there the day after its first download."
        )

    @property
    def headers(self) -> dict[str, str]:
        """That a cache may remember it, for a little while."""
        return {"cache-control": f"public, max-age={UNKNOWN_MAX_AGE_S}"}


class UpstreamProblem(Problem):
    """pypistats.org, which all numbers come from, could not be used."""

    def after(self, seconds: int) -> "UpstreamProblem":
        """The same problem, with these seconds as its `Retry-After`."""
        problem = type(self).__new__(type(self))
        Problem.__init__(problem, self.detail, retry_after_s=seconds)
        return problem

    def not_reserved(self) -> Self:
        """This problem, saying that no call is reserved for its `Retry-After`."""
        self.reserved = False
        self.detail += " No call is reserved for then."
        return self


class UpstreamBroken(UpstreamProblem):
    """It answered, but not with numbers that can be trusted; or it broke off in its answer."""

    slug = "upstream-broken"
    title = "Upstream broken"
    status = 502

    @classmethod
    def because(cls, reason: str) -> Self:
        """The problem that pypistats.org's answer can't be used, for `reason`."""
        return cls(f"pypistats.org's answer can't be used: {reason}. Try again later.")


class UpstreamUnreachable(UpstreamProblem):
    """No connection to it could be made."""

    slug = "upstream-unreachable"
    title = "Upstream unreachable"
    status = 502

    def __init__(self) -> None:
        super().__init__("pypistats.org can't be reached from here. Try again later.")


class UpstreamThrottled(UpstreamProblem):
    """It wants no calls for now: it answered 429, or 503 with a Retry-After."""

    slug = "upstream-throttled"
    title = "Upstream throttled"
    status = 503

    def __init__(self, retry_after_s: int = THROTTLED_RETRY_AFTER_S) -> None:
        super().__init__(
            "pypistats.org takes no more calls from here for now. Try again after "
            f"{retry_after_s} seconds.",
            retry_after_s=retry_after_s,
        )

    def after(self, seconds: int) -> "UpstreamThrottled":
        """As `UpstreamProblem`."""
        return UpstreamThrottled(seconds)


class UpstreamTooSlow(UpstreamProblem):
    """It did not answer in the time that a request may take."""

    slug = "upstream-too-slow"
    title = "Upstream too slow"
    status = 504

    def __init__(self, retry_after_s: int | None = None) -> None:
        when = "later" if retry_after_s is None else f"after {retry_after_s} seconds"
        super().__init__(
            f"pypistats.org did not answer in time. Try again {when}.", retry_after_s=retry_after_s
        )

    def after(self, seconds: int) -> "UpstreamTooSlow":
        """As `UpstreamProblem`."""
        return UpstreamTooSlow(seconds)


class NothingToCompare(UpstreamProblem):
    """Upstream failed for every package of a comparison."""

    slug = "nothing-to-compare"
    title = "Upstream failed for every package"
    status = 503
