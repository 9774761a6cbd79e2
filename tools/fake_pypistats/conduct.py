"""How each request is met: by the limits first, then by a fault, then by the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tools.fake_pypistats import answers, routes
from tools.fake_pypistats.answers import Answer
from tools.fake_pypistats.faults import FaultKind
from tools.fake_pypistats.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tools.fake_pypistats.delays import Delays
    from tools.fake_pypistats.faults import Faults
    from tools.fake_pypistats.limits import Limits

#: The faults that are answers in themselves. All others spoil how an answer travels.
_FAULTY_ANSWERS: Final = {
    FaultKind.TOO_MANY_REQUESTS: answers.TOO_MANY_REQUESTS,
    FaultKind.SERVER_ERROR: answers.SERVER_ERROR,
    FaultKind.HTML: answers.html(
        HTTPStatus.OK, "<!doctype html>\n<title>Back soon</title>\n<p>Under maintenance.\n"
    ),
    FaultKind.NOT_JSON: Answer(
        HTTPStatus.OK, (("Content-Type", answers.JSON),), b'{"data":[{"category":"with_mir'
    ),
}


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be done about a request.

    Attributes:
        answer: What to send.
        spoiled: `HANG`, `DRIP`, `TRUNCATED` or `DROPPED` where it is not to arrive in one piece.
        delay_s: How long to hold it back.
    """

    answer: Answer
    spoiled: FaultKind | None
    delay_s: float


@dataclass(frozen=True, slots=True)
class Conduct:
    """All that decides how requests are met."""

    now: Callable[[], datetime]
    limits: Limits
    faults: Faults
    delays: Delays
    worker: Worker = field(default_factory=Worker)

    def meet(self, method: str, target: str, address: str) -> Course:
        """Decide about a request, once the worker gets to it.

        Like Flask's limiter, limits count whatever reaches an endpoint, 404s for its package
        included, and neither unknown paths nor refused methods. Faults strike the same requests.

        Args:
            method: The HTTP method.
            target: Path and query as they stand in the request line.
            address: The client's IP address.
        """
        question = routes.question(target)
        delay_s = self.delays.seconds(target, question)
        if question is not None and method in answers.ALLOWED:
            if not self.limits.admit(address, question.endpoint):
                return Course(answers.TOO_MANY_REQUESTS, None, delay_s)
            fault = self.faults.take(question)
            if fault in _FAULTY_ANSWERS:
                return Course(_FAULTY_ANSWERS[fault], None, delay_s)
        else:
            fault = None
        answer = answers.answer(method, question, self.now())
        if fault is FaultKind.HALF_LOADED:
            return Course(answers.half_loaded(answer), None, delay_s)
        return Course(answer, fault, delay_s)

    def reset(self) -> None:
        """Be as at the start: no limit spent, the first latency, fresh jitter."""
        self.delays.reset()
        self.limits.reset()
        self.worker.wake()
