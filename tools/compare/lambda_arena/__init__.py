"""The arena Lambda: both variants in the Lambda runtime's image, one invocation at a time, under SAM local.

`arena` says what is measured in which order; `artifacts`, `cold`, `warm`, `memory` and `shipped` measure
it. `bench`, `rounds` and `asking` are what they share, `emulator` is `sam local start-lambda`, `functions`
are what it runs.
"""

from .arena import measure

__all__ = ["measure"]
