"""What AWS charges for Lambda and API Gateway, in USD: first tier, without free tier and taxes."""

from typing import Final

KNOWN_ON: Final = "2026-11-22"
REGION: Final = "us-east-1"
SOURCE: Final = (
    "AWS's public price lists for Lambda and for API Gateway's HTTP APIs, as the authors knew them on "
    "that day"
)
GB_SECOND: Final = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""Compute, by architecture."""
MILLION_REQUESTS: Final = 0.20
MILLION_GATEWAY_REQUESTS: Final = 1.00

ALL_MILLION_REQUESTS: Final = MILLION_REQUESTS + MILLION_GATEWAY_REQUESTS
"""A million requests, without compute."""

MILLION: Final = 1_000_000
_MB_PER_GB: Final = 1024
_MS_PER_S: Final = 1000


def compute_per_million(billed_ms: float, memory_mb: float, architecture: str = "x86_64") -> float:
    """USD for the compute of a million requests that are billed `billed_ms` each."""
    return billed_ms / _MS_PER_S * memory_mb / _MB_PER_GB * GB_SECOND[architecture] * MILLION
