"""`python -m tests.dynamodb.collecting`: one invocation of the collector, as on Lambda."""

import logging
import sys
from typing import Final

SCHEDULED: Final = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


class Context:
    """Lambda's context at the start of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def main() -> None:
    """Invoke the handler; environment variables are its settings."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    from collector.handler import handler  # noqa: PLC0415 - after logging is configured

    handler(SCHEDULED, Context())


if __name__ == "__main__":
    main()
