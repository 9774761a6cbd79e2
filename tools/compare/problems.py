"""What ends the measurement of an arena: something is not what was to be measured."""


class MeasurementError(Exception):
    """What was measured is not what was to be measured; says what came instead."""
