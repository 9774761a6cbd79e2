"""Where to go on from an answer, as the links of OpenAPI: clients and testers follow them."""

from typing import Any, Final

_THE_PACKAGE: Final = "$response.body#/package"


def _link(operation: str, description: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters, "description": description}


LINKS: Final[dict[str, dict[str, Any]]] = {
    "compare_packages": {
        "first_package": _link(
            "get_package_stats",
            "The first package by itself.",
            package="$response.body#/packages/0/package",
        ),
    },
    "get_package_stats": {
        "downloads": _link(
            "get_package_downloads",
            "The same days, one by one.",
            package=_THE_PACKAGE,
            start="$response.body#/first_date",
            end="$response.body#/latest_date",
        ),
        "recent": _link("get_recent", "The same package in the drop-in.", package=_THE_PACKAGE),
    },
    "get_package_downloads": {
        "comparison": _link("compare_packages", "Beside others.", packages=_THE_PACKAGE),
    },
    "get_recent": {
        endpoint: _link(f"get_{endpoint}", "The days behind the sums.", package=_THE_PACKAGE)
        for endpoint in ("overall", "python_major", "python_minor", "system")
    },
}
"""By operation, the links of its answer with figures."""
