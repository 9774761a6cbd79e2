"""`python -m tests.dynamodb.traced_request PACKAGE`: what one request to `/packages/PACKAGE` enters of functions/.

Prints JSON: the file and the name of each function, in the order in which they were entered.
"""

import json
import sys
import threading
from pathlib import Path
from types import FrameType

from fastapi_app.handler import handler
from tools import ROOT

FUNCTIONS = ROOT / "functions"


def main(package: str) -> None:
    event = json.loads((ROOT / "events/package.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/packages/{package}"
    entered: list[tuple[str, str]] = []
    frames: set[FrameType] = set()

    def note(frame: FrameType, happened: str, _: object) -> None:
        code = frame.f_code
        # A coroutine counts once, however often it goes on; comprehensions and modules don't count.
        if happened == "call" and frame not in frames and not code.co_name.startswith("<"):
            frames.add(frame)
            entered.append((code.co_filename, code.co_qualname))

    threading.setprofile(note)
    sys.setprofile(note)
    answer = handler(event, None)
    sys.setprofile(None)
    threading.setprofile(None)
    if answer["statusCode"] != 200:
        sys.exit(f"the answer was {answer['statusCode']}: {answer['body']}")
    ours = [(file, name) for file, name in entered if Path(file).is_relative_to(FUNCTIONS)]
    sys.stdout.write(json.dumps(ours))


if __name__ == "__main__":
    main(sys.argv[1])
