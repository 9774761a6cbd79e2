"""A clock for tests."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Clock(Generic[T]):
    """Stands still until a test sets `now`: a time of day, or seconds."""

    now: T

    def __call__(self) -> T:
        return self.now
