"""What ends a measurement: an answer or a container that is not the one that was to be measured."""


class MeasurementError(Exception):
    """What was measured is not what was to be measured; says what came instead."""
