"""What a test has started and not ended."""

import psutil


class Leftovers:
    """The processes that this one has started since the object was made, and that still run."""

    def __init__(self) -> None:
        self._before = {child.pid for child in psutil.Process().children(recursive=True)}

    def commands(self) -> list[str]:
        """Their command lines; Python's own tracker of shared resources stays to the end."""
        children = psutil.Process().children(recursive=True)
        commands = (" ".join(each.cmdline()) for each in children if each.pid not in self._before)
        return [command for command in commands if "resource_tracker" not in command]
