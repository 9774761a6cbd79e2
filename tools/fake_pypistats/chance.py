"""Chance that always falls the same way: numbers drawn from a hash, in every process alike."""

from __future__ import annotations

import hashlib
from typing import Final

_BITS: Final = 53  # what a float holds exactly, so that the result can never round up to 1


def chance(*parts: str | int) -> float:
    """Draw the number that belongs to these words.

    Args:
        parts: What is drawn for, such as `"requests", 739_000, "noise"`.

    Returns:
        A float in [0, 1), evenly spread over different parts and the same for the same parts.
    """
    words = "\x1f".join(map(str, parts)).encode()
    digest = hashlib.blake2b(words, digest_size=8).digest()
    return (int.from_bytes(digest) >> (64 - _BITS)) / (1 << _BITS)
