"""Random numbers that are the same in every process: each is a hash of its seed."""

import hashlib
from typing import Final

_FLOAT_BITS: Final = 53  # a float holds them exactly, so the result is never rounded up to 1


def seeded_random(*seed: str | int) -> float:
    """The number in [0, 1) of this seed, such as `"requests", 739_000, "noise"`."""
    words = "\x1f".join(map(str, seed)).encode()
    digest = hashlib.blake2b(words, digest_size=8).digest()
    return (int.from_bytes(digest) >> (64 - _FLOAT_BITS)) / (1 << _FLOAT_BITS)
