"""The server arena: one worker of each variant behind the server that it is usually run with."""

from .arena import measure
from .commands import SETTINGS

__all__ = ["SETTINGS", "measure"]
