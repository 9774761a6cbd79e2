"""Write the contract as the code has it to docs/openapi.json: `python -m tools.contract`."""

import json
from pathlib import Path
from typing import Final

from fastapi_app.app import app

COMMITTED: Final = Path(__file__).parent.parent / "docs" / "openapi.json"
COMMAND: Final = "make openapi"
"""What renews the committed file."""


def as_committed() -> str:
    """The contract as the text of the committed file."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    COMMITTED.write_text(as_committed(), encoding="utf-8")
    print(f"wrote {COMMITTED}")
