"""OpenAPI links from one operation's response to other operations."""

from typing import Any, Final

_THE_PACKAGE: Final = "$response.body#/package"


def _link(operation: str, description: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters, "description": description}


LINKS: Final[dict[str, dict[str, Any]]] = {
    "compare_packages": {
        "first_package": _link(
            "get_package_stats",
            "The first package alone.",
            package="$response.body#/packages/0/package",
        ),
    },
    "get_package_stats": {
        "downloads": _link(
            "get_package_downloads",
            "The daily downloads behind these sums.",
            package=_THE_PACKAGE,
            start="$response.body#/first_date",
            end="$response.body#/latest_date",
        ),
        "recent": _link("get_recent", "The same package in the drop-in.", package=_THE_PACKAGE),
    },
    "get_package_downloads": {
        "comparison": _link(
            "compare_packages", "The package in a comparison.", packages=_THE_PACKAGE
        ),
    },
    "get_recent": {
        endpoint: _link(
            f"get_{endpoint}", "The daily downloads behind these sums.", package=_THE_PACKAGE
        )
        for endpoint in ("overall", "python_major", "python_minor", "system")
    },
}
"""The links of each operation's 200 response, by operation id."""
