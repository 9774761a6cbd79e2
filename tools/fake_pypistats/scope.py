"""Which requests a fault or a delay is meant for: an endpoint, a package, or any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from tools.fake_pypistats.routes import ENDPOINTS, converted

if TYPE_CHECKING:
    from tools.fake_pypistats.routes import Question

#: Stands for any endpoint, or for any package, in a spec.
ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """The questions of one endpoint and one package; `*` for either means all of them."""

    endpoint: str = ANY
    package: str = ANY

    @classmethod
    def parse(cls, parts: list[str]) -> Self:
        """Read up to two parts of a spec, endpoint then package; what is missing is `*`.

        Raises:
            ValueError: The endpoint is not one of the API's, or the package is empty.
        """
        endpoint, package = [*parts, ANY, ANY][:2]
        if endpoint not in {ANY, *ENDPOINTS}:
            raise ValueError(f"unknown endpoint {endpoint!r}: choose from {', '.join(ENDPOINTS)}")
        if not package:
            raise ValueError(f"the package is empty: leave it out, or write {ANY}")
        return cls(endpoint, converted(package))

    def covers(self, question: Question) -> bool:
        """Tell whether the question is one of those meant."""
        return self.endpoint in {ANY, question.endpoint} and self.package in {
            ANY,
            question.package,
        }
