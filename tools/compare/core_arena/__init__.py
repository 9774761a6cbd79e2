"""The core arena: the article's two functions, on the core I/O alone."""

from .arena import measure
from .article import PROCESSING_S, TIMEOUT_S
from .batches import THREADS

__all__ = ["SETTINGS", "measure"]

SETTINGS = {"processing_s": PROCESSING_S, "timeout_s": TIMEOUT_S, "threads": THREADS}
"""What is worth knowing about how it is measured."""
