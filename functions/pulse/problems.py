"""The error hierarchy: each problem has an HTTP status, a title and a detail.

Each variant turns problems into RFC 9457 documents in one place. The detail says what happened and what
the caller can do about it.
"""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from pulse.cors import METHODS

MEDIA_TYPE: Final = "application/problem+json"
UNKNOWN_MAX_AGE_S: Final = 300
"""How long HTTP caches may keep an unknown package; it may get its first download any day."""

MAX_ERRORS: Final = 10
"""The most invalid parameters that one response lists; a request may have thousands."""

HISTORY_RETRY_AFTER_S: Final = 5
"""How long a table that failed is left alone."""

THROTTLED_RETRY_AFTER_S: Final = 60
"""The default Retry-After: pypistats.org limits calls per minute and sends no Retry-After with its 429."""


PYPISTATS: Final = "pypistats.org"
CLICKHOUSE: Final = "ClickHouse"
"""The sources, as problems name them."""

_MAX_REASON: Final = 300


class InputError(BaseModel):
    """One invalid parameter, and the reason."""

    model_config = ConfigDict(frozen=True)

    location: Annotated[Literal["path", "query"], Field(description="Where the parameter is.")]
    parameter: Annotated[str, Field(description="The parameter's name.")]
    detail: Annotated[str, Field(description="What is wrong, and what would be valid.")]


class ProblemDetails(BaseModel):
    """The members of an RFC 9457 problem that do not depend on the request."""

    model_config = ConfigDict(frozen=True)

    type: Annotated[str, Field(description="A URN for the kind of problem.")]
    title: Annotated[str, Field(description="The kind of problem, in words.")]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Field(description="What happened, and what the caller can do about it.")]
    retry_after: Annotated[
        int | None,
        Field(
            ge=0,
            description="Seconds to wait before retrying.",
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
    """The body of every response with a status of 400 or more, as `application/problem+json`."""

    instance: Annotated[str, Field(description="The requested path, percent-encoded.")]
    request_id: Annotated[str, Field(description="The request's id; quote it in bug reports.")]
    errors: Annotated[
        list[InputError] | None,
        Field(
            max_length=MAX_ERRORS,
            description="With status 422: the invalid parameters, ten at most.",
            exclude_if=lambda value: value is None,
        ),
    ] = None


class Problem(Exception):
    """A failure with an HTTP status, which subclasses set. The message is the `detail`."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.reserved: Literal[False] | None = None
        self.errors: list[InputError] | None = None

    def without_traceback(self) -> Self:
        """This problem, to be kept: a traceback would keep the whole response in memory."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)

    @property
    def in_few_words(self) -> str:
        """The text of an image that can't show figures."""
        return self.title.lower()

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the response, except `Content-Type`."""
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

    def document(self, *, instance: str, request_id: str) -> ProblemDocument:
        """The whole document, for a request to the path `instance`."""
        return ProblemDocument(
            **self.details.model_dump(),
            instance=instance,
            request_id=request_id,
            errors=self.errors,
        )

    def json_document(self, *, instance: str, request_id: str) -> bytes:
        """As `document`, encoded as JSON."""
        return self.document(instance=instance, request_id=request_id).model_dump_json().encode()


class InvalidEvent(Problem):
    """The Lambda function was invoked with an event that is not an HTTP request."""

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
        """The problem for a request to the unknown `path`."""
        return cls(
            f"There is nothing at {path[:200]!r}. Routes include /packages/{{package}}, "
            "/packages/{package}/downloads, /compare?packages=a,b,c and /health, without a "
            "trailing slash."
        )


class MethodNotAllowed(Problem):
    """The route does not allow this method: the API is read-only."""

    slug = "method-not-allowed"
    title = "Method not allowed"
    status = 405

    @classmethod
    def asked(cls, method: str) -> Self:
        """The problem for a request with `method`."""
        return cls(f"This API is read-only: use GET or HEAD instead of {method[:20]}.")

    @property
    def headers(self) -> dict[str, str]:
        """As for every problem, with the allowed methods."""
        return {**super().headers, "allow": METHODS}


class InvalidInput(Problem):
    """One or more parameters are invalid. The detail lists the first ten, and counts the rest."""

    slug = "invalid-input"
    title = "Invalid input"
    status = 422

    def __init__(self, errors: list[InputError]) -> None:
        listed, more = errors[:MAX_ERRORS], len(errors) - MAX_ERRORS
        sentences = [f"{error.parameter}: {error.detail}" for error in listed]
        if more > 0:
            sentences.append(f"And {more} more.")
        super().__init__(" ".join(sentences))
        self.errors = listed

    @property
    def in_few_words(self) -> str:
        """The name of the first invalid parameter."""
        return f"invalid {self.errors[0].parameter}" if self.errors else super().in_few_words


class InternalError(Problem):
    """A defect in PyPI Pulse. The log has the details under the same request id."""

    slug = "internal-error"
    title = "Internal error"
    status = 500

    def __init__(self) -> None:
        super().__init__(
            "PyPI Pulse failed to handle this request. This is a defect; please report it with the "
            "request id."
        )


class UnknownPackage(Problem):
    """The source has no downloads under this name."""

    slug = "unknown-package"
    title = "Unknown package"
    status = 404

    @classmethod
    def named(cls, package: str, source: str = PYPISTATS) -> Self:
        """The problem for a request about the unknown `package`."""
        return cls(
            f"{source} has no downloads for a package named {package!r}. Check the spelling; "
            "a new package appears there the day after its first download."
        )

    @property
    def headers(self) -> dict[str, str]:
        """HTTP caches may keep this for `UNKNOWN_MAX_AGE_S`."""
        return {"cache-control": f"public, max-age={UNKNOWN_MAX_AGE_S}"}


class HistoryUnavailable(Problem):
    """The table of kept days can't be used now; `reason` is a clause for the log."""

    slug = "history-unavailable"
    title = "History unavailable"
    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The days that pypistats.org no longer has can't be read now. Try again after "
            f"{HISTORY_RETRY_AFTER_S} seconds, or leave out 'start'.",
            retry_after_s=HISTORY_RETRY_AFTER_S,
        )
        self.reason = reason


class NotConfigured(Problem):
    """The request needs something that this deployment has not switched on."""

    slug = "not-configured"
    title = "Not configured"
    status = 501

    @classmethod
    def without(cls, setting: str, what: str) -> Self:
        """The problem for a request that needs `setting`, to have `what`."""
        return cls(f"This deployment does not have {what}. The setting {setting} switches it on.")


class UpstreamProblem(Problem):
    """A source of figures could not be used: pypistats.org, or the one named by `source`.

    `reason` is for the log.
    """

    def __init__(
        self, detail: str, *, retry_after_s: int | None = None, source: str = PYPISTATS
    ) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.source = source
        self.reason = detail

    @property
    def in_few_words(self) -> str:
        """Without the reason: readers of a page with the image can do nothing about it."""
        return "no data yet"

    def after(self, seconds: int) -> "UpstreamProblem":
        """The same problem with this `Retry-After` in seconds."""
        problem = type(self).__new__(type(self))
        UpstreamProblem.__init__(problem, self.detail, retry_after_s=seconds, source=self.source)
        return problem

    def not_reserved(self) -> Self:
        """This problem, saying that no call is reserved for its `Retry-After`."""
        self.reserved = False
        self.detail += " No call is reserved for then."
        return self


class UpstreamBroken(UpstreamProblem):
    """Upstream's response was invalid or incomplete."""

    slug = "upstream-broken"
    title = "Upstream broken"
    status = 502

    @classmethod
    def because(cls, reason: str, source: str = PYPISTATS) -> Self:
        """The problem for an unusable response; `reason` is a clause such as `its status is 500`."""
        return cls(f"{source}'s response can't be used: {reason}. Try again later.", source=source)


class UpstreamUnreachable(UpstreamProblem):
    """No connection to upstream could be made. Only the log tells the `error`: clients can't mend it."""

    slug = "upstream-unreachable"
    title = "Upstream unreachable"
    status = 502

    def __init__(self, source: str = PYPISTATS, error: Exception | None = None) -> None:
        super().__init__(f"{source} can't be reached. Try again later.", source=source)
        if error:
            self.reason = f"{source} can't be reached: {error}"[:_MAX_REASON]


class UpstreamThrottled(UpstreamProblem):
    """The rate limit is reached: our own permits no call in time, or upstream refused one."""

    slug = "upstream-throttled"
    title = "Upstream throttled"
    status = 503

    def __init__(
        self, retry_after_s: int = THROTTLED_RETRY_AFTER_S, source: str = PYPISTATS
    ) -> None:
        reason = f"The rate limit of {source} is reached."
        if source == CLICKHOUSE:
            # Other environments are not told which of the two it is.
            reason = f"The rate limit of {source} is reached, or a query has just failed."
        super().__init__(
            f"{reason} Try again after {retry_after_s} seconds.",
            retry_after_s=retry_after_s,
            source=source,
        )

    def after(self, seconds: int) -> "UpstreamThrottled":
        """As `UpstreamProblem`."""
        return UpstreamThrottled(seconds, self.source)


class UpstreamRefused(UpstreamThrottled):
    """Upstream itself responded with 429, or 503 with a Retry-After."""


class UpstreamTooSlow(UpstreamProblem):
    """Upstream did not respond within the request's deadline."""

    slug = "upstream-too-slow"
    title = "Upstream too slow"
    status = 504

    def __init__(self, retry_after_s: int | None = None, source: str = PYPISTATS) -> None:
        when = "later" if retry_after_s is None else f"after {retry_after_s} seconds"
        super().__init__(
            f"{source} did not respond in time. Try again {when}.",
            retry_after_s=retry_after_s,
            source=source,
        )

    def after(self, seconds: int) -> "UpstreamTooSlow":
        """As `UpstreamProblem`."""
        return UpstreamTooSlow(seconds, self.source)


class NothingToCompare(UpstreamProblem):
    """Upstream failed for every package of a comparison."""

    slug = "nothing-to-compare"
    title = "Upstream failed for every package"
    status = 503
