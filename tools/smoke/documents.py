"""What tells about the API: the contract, and the page that shows it."""

from typing import Final

from tools.smoke import contract
from tools.smoke.live import Live, keep
from tools.smoke.promises import Promise


def _openapi(live: Live) -> None:
    version = str(live.contract().get("openapi", "missing"))
    keep(that=version.startswith("3.1"), broken=f"its version of OpenAPI is {version}")


def _docs(live: Live) -> None:
    answer = live.ask_well("/docs")
    media_type = contract.media_type_of(answer)
    keep(that=media_type == "text/html", broken=f"it is sent as {media_type}")
    keep(that="/openapi.json" in answer.text, broken="it does not show /openapi.json")


PROMISES: Final = (
    Promise("/openapi.json", "the contract, in OpenAPI 3.1", _openapi),
    Promise("/docs", "a page that shows it", _docs),
)
