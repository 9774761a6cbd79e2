"""Leaving out of an answer what there is nothing to say about."""


def is_none(value: object) -> bool:
    """For a field's `exclude_if`: null would read as a value, and absence does not."""
    return value is None
