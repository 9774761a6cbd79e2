"""What a page shows, as its address says it: packages, range, period, scale. One view has one address."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlencode

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from pulse.daily_counts import DAY
from pulse.image_parameters import MAX_CHARTED, Scale
from pulse.models import Period
from pulse.names import PackageName
from pulse.parameters import invalid_input

Range = Literal["30", "90", "180", "365", "all"]
"""How many days are shown, up to the newest one; `all` is everything that is kept."""

_SEPARATORS: Final = re.compile(r"[\s,;]+")


def _split(value: object) -> object:
    """Splits typed text into names."""
    parts = value if isinstance(value, list | tuple) else [value]
    return [text for part in parts for text in _SEPARATORS.split(str(part)) if text]


def _in_order(names: tuple[PackageName, ...]) -> tuple[PackageName, ...]:
    """Each name once, sorted: `b,A,b` and `a,b` are one view."""
    distinct = tuple(sorted(set(names)))
    if len(distinct) > MAX_CHARTED:
        raise PydanticCustomError(
            "too_many_packages",
            "At most {limit} packages fit into one chart; {count} were given.",
            {"limit": MAX_CHARTED, "count": len(distinct)},
        )
    return distinct


class View(BaseModel):
    """The query of the page. It ignores parameters that it doesn't know, such as those of campaigns."""

    model_config = ConfigDict(frozen=True)

    packages: Annotated[
        tuple[PackageName, ...], BeforeValidator(_split), AfterValidator(_in_order)
    ] = ()
    days: Range = "180"
    period: Period = "day"
    scale: Scale = "linear"
    mirrors: Literal["true", "false"] = "false"

    @classmethod
    def read(cls, query: Iterable[tuple[str, str]]) -> Self:
        """The view that a query asks for.

        Raises:
            InvalidInput: a name or an option is invalid, or there are too many packages.
        """
        values: dict[str, Any] = {}
        for name, value in query:
            if name == "packages":
                values.setdefault("packages", []).append(value)
            else:
                values[name] = value
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            errors = [{**one, "loc": ("query", *one["loc"])} for one in error.errors()]
            raise invalid_input(errors) from error

    @model_validator(mode="after")
    def _share_needs_several(self) -> Self:
        """A single package has no share: it gets the default scale."""
        if self.scale == "share" and len(self.packages) == 1:
            return self.model_copy(update={"scale": "linear"})
        return self

    @property
    def with_mirrors(self) -> bool:
        """Whether downloads by mirrors count."""
        return self.mirrors == "true"

    def query(self, **changed: object) -> str:
        """The canonical query of this view, with some values changed; defaults are left out."""
        view = type(self).model_validate({**self.model_dump(), **changed})
        values = view.model_dump(exclude_defaults=True)
        if view.packages:
            values["packages"] = ",".join(view.packages)
        return urlencode(values, safe=",")

    def start(self, as_of: dt.date) -> dt.date:
        """The first day of the range that ends with `as_of`, whether there are figures of it or not."""
        return dt.date.min if self.days == "all" else as_of - (int(self.days) - 1) * DAY
