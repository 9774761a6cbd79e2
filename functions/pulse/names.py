"""Package names, validated by PEP 508 and normalised by PEP 503."""

import re
from typing import Any, Final, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MAX_LENGTH: Final = 200
"""Characters in a name. The longest name on PyPI has 188."""

_ALL: Final = "__all__"
_PATTERN: Final = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_PEP_508: Final = re.compile(_PATTERN, re.ASCII)
_SEPARATORS: Final = re.compile(r"[-_.]+")


class InvalidPackageName(ValueError):
    """The text is not a package name; the message explains the rule."""


class PackageName(str):
    """A package's name, valid by PEP 508 and normalised by PEP 503.

    `__all__`, pypistats.org's name for all of PyPI, is left unchanged. Create names with `parse`.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Validate and normalise `text`; `Typing_Extensions` becomes `typing-extensions`.

        Raises:
            InvalidPackageName: the text is empty, too long, or not allowed by PEP 508.
        """
        if text == _ALL:
            return cls(text)
        if len(text) > MAX_LENGTH:
            message = (
                f"A package name has at most {MAX_LENGTH} characters; this one has {len(text)}."
            )
            raise InvalidPackageName(message)
        if not _PEP_508.fullmatch(text):
            message = (
                "A package name consists of ASCII letters, digits, '.', '_' and '-', and starts and "
                "ends with a letter or a digit. '__all__' stands for all of PyPI."
            )
            raise InvalidPackageName(message)
        return cls(_SEPARATORS.sub("-", text).lower())

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            **handler(schema),
            "pattern": f"^({_ALL}|{_PATTERN})$",
            "minLength": 1,
            "maxLength": MAX_LENGTH,
        }


ALL_OF_PYPI: Final = PackageName(_ALL)
"""pypistats.org's name for the sum over all packages."""
