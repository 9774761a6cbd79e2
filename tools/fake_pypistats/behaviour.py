"""How the fake responds to each request: by the limits first, then by the rules, then from the data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

from tools.fake_pypistats import answers, routes
from tools.fake_pypistats.answers import Answer
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.rules import Effect, Rules
from tools.fake_pypistats.worker import Worker

_MAINTENANCE: Final = answers.html(
    HTTPStatus.OK, "<!doctype html>\n<title>Back soon</title>\n<p>Under maintenance.\n"
)
_NOT_JSON: Final = Answer(
    HTTPStatus.OK, (("Content-Type", answers.JSON),), b'{"data":[{"category":"with_mir'
)


@dataclass(frozen=True, slots=True)
class Response:
    """What to send.

    Attributes:
        answer: The answer, if it arrives in one piece.
        fault: `HANG`, `DRIP`, `TRUNCATED` or `DROPPED` if it does not.
        delay_s: How long to hold it back.
    """

    answer: Answer
    fault: Effect | None = None
    delay_s: float = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All that decides how requests are responded to."""

    now: Callable[[], datetime]
    limits: Limits
    rules: Rules
    worker: Worker = field(default_factory=Worker)

    def respond(self, method: str, target: str, address: str) -> Response:
        """Count a request from an IP address and choose its response.

        Like Flask's limiter, limits count whatever reaches an endpoint: 404s for a package, but neither unknown
        paths nor refused methods. Rules match the same requests.
        """
        question = routes.question(target)
        if question is None or method not in answers.ALLOWED:
            return Response(answers.answer(method, question, self.now()))
        admitted = self.limits.admit(address, question.endpoint)
        effect, delay_s = self.rules.apply(question, target, refused=not admitted)
        if not admitted:
            effect = HTTPStatus.TOO_MANY_REQUESTS
        if isinstance(effect, HTTPStatus):
            return Response(answers.error(effect), delay_s=delay_s)
        if effect is Effect.HTML:
            return Response(_MAINTENANCE, delay_s=delay_s)
        if effect is Effect.NOT_JSON:
            return Response(_NOT_JSON, delay_s=delay_s)
        answer = answers.answer(method, question, self.now())
        if effect is Effect.HALF_LOADED:
            return Response(answers.half_loaded(answer), delay_s=delay_s)
        return Response(answer, effect, delay_s)
