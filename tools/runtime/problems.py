"""What can be missing on a machine, each said so that a person knows what to do."""


class NeedError(Exception):
    """Something that running a function locally needs is not there and can't be made here."""


class EngineError(NeedError):
    """No Docker engine answers, and none can be started here."""


class ImageError(NeedError):
    """The local Lambda image can neither be pulled nor made."""


class ToolError(NeedError):
    """A program of the project's own environment is not there."""


class UpstreamError(NeedError):
    """The upstream that was asked for can't be reached from a function's container."""
