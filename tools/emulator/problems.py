"""What can go wrong with a deployment to the emulator, each said so that a person knows what to do."""

from tools.runtime.problems import NeedError


class EmulatorError(NeedError):
    """The emulator can't be had or started here."""


class DeploymentError(NeedError):
    """`sam` refused, or failed on, what it was to build, deploy or delete."""
