"""Rules: which requests, how many of them, and what happens to them.

A rule is written `EFFECT[:ENDPOINT[:PACKAGE[:COUNT]]]`, such as `dropped:overall:requests:1`. A part that is `*`
or missing means any.
"""

import math
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Self

from tools.fake_pypistats.routes import ENDPOINTS, Question, converted
from tools.fake_pypistats.seeded_random import seeded_random

ANY: Final = "*"
SYNTAX: Final = "EFFECT[:ENDPOINT[:PACKAGE[:COUNT]]]"
_PARTS: Final = 4
_MS_PER_S: Final = 1000


class Effect(StrEnum):
    """How an answer goes wrong, beside an error status."""

    HANG = "hang"
    DRIP = "drip"
    TRUNCATED = "truncated"
    HTML = "html"
    NOT_JSON = "not-json"
    DROPPED = "dropped"
    HALF_LOADED = "half-loaded"


#: What a client sees of each effect, as a rule names it.
MEANINGS: Final[dict[str, str]] = {
    "STATUS": "an error such as 500, with HTML; 429 as beyond the limits",
    Effect.HANG: "no answer at all, until the client leaves",
    Effect.DRIP: "the right answer, its body one byte every half second",
    Effect.TRUNCATED: "half of the body that Content-Length promises, then the end",
    Effect.HTML: "200 with an HTML page",
    Effect.NOT_JSON: "200 that calls itself application/json and is not JSON",
    Effect.DROPPED: "the connection is reset in place of an answer",
    Effect.HALF_LOADED: "the newest day lacks its last category",
    "delay=MS": "the answer comes MS milliseconds later",
    "delay=MIN-MAX": "the same, between MIN and MAX milliseconds at random",
}


@dataclass(frozen=True, slots=True)
class Delay:
    """Milliseconds that an answer is held back: at random between the two."""

    least_ms: float
    most_ms: float


@dataclass(frozen=True, slots=True)
class Rule:
    """An effect on the first `count` requests for an endpoint of a package."""

    effect: Effect | HTTPStatus | Delay
    endpoint: str
    package: str
    count: float

    @classmethod
    def parse(cls, spec: str) -> Self:
        """Read a rule.

        Raises:
            ValueError: It is malformed; the message says where.
        """
        parts = spec.split(":")
        if len(parts) > _PARTS:
            raise ValueError(f"too many parts in {spec!r}: write {SYNTAX}")
        effect, endpoint, package, count = parts + [ANY] * (_PARTS - len(parts))
        if endpoint not in {ANY, *ENDPOINTS}:
            raise ValueError(f"unknown endpoint {endpoint!r}: choose from {', '.join(ENDPOINTS)}")
        if not package:
            raise ValueError(f"the package is empty: leave it out, or write {ANY}")
        return cls(_effect(effect), endpoint, converted(package), _count(count))

    def matches(self, question: Question) -> bool:
        """Whether the rule is about this question."""
        return self.endpoint in {ANY, question.endpoint} and self.package in {
            ANY,
            question.package,
        }


def milliseconds(text: str) -> float:
    """Read a time from 0 up.

    Raises:
        ValueError: It is no number, negative or infinite.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{text!r} is not a time in milliseconds: write a number from 0")
    return value


def _effect(text: str) -> Effect | HTTPStatus | Delay:
    name, given, time = text.partition("=")
    if name == "delay" and given:
        least, _, most = time.partition("-")
        return Delay(milliseconds(least), milliseconds(most or least))
    if text in {str(status.value) for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}:
        return HTTPStatus(int(text))
    if text not in set(Effect):
        raise ValueError(f"unknown effect {text!r}: choose from {', '.join(MEANINGS)}")
    return Effect(text)


def _count(text: str) -> float:
    if text == ANY:
        return math.inf
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{text!r} is not a count: write a whole number from 1")
    return int(text)


class Rules:
    """The rules in force. Delays add up; of other effects, the first that matches and is not used up applies."""

    def __init__(self, specs: Iterable[str] = (), seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.set(specs)

    def set(self, specs: Iterable[str]) -> None:
        """Replace all rules; counts and random numbers start again.

        Raises:
            ValueError: One is malformed; the rules stay as they were.
        """
        specs = tuple(specs)
        rules = [Rule.parse(spec) for spec in specs]
        with self._lock:
            self.specs = specs
            self._left = [(rule, rule.count) for rule in rules]
            self._asked: Counter[str] = Counter()

    def apply(
        self, question: Question, target: str, *, refused: bool = False
    ) -> tuple[Effect | HTTPStatus | None, float]:
        """The effect on a request and its delay in seconds; both use up counts.

        A delay is drawn by the target and how often it was asked for, so it does not depend on the order of
        simultaneous requests. A `refused` request is only delayed.
        """
        effect: Effect | HTTPStatus | None = None
        delay_ms = 0.0
        with self._lock:
            self._asked[target] += 1
            random = seeded_random(self._seed, target, self._asked[target])
            for index, (rule, left) in enumerate(self._left):
                if not (left and rule.matches(question)):
                    continue
                if isinstance(rule.effect, Delay):
                    span_ms = rule.effect.most_ms - rule.effect.least_ms
                    delay_ms += rule.effect.least_ms + span_ms * random
                elif effect is None and not refused:
                    effect = rule.effect
                else:
                    continue
                self._left[index] = rule, left - 1
        return effect, delay_ms / _MS_PER_S
