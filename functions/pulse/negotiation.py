"""Content negotiation by the `Accept` and `Accept-Encoding` headers (RFC 9110)."""

from collections.abc import Iterator

JSON = "application/json"
CSV = "text/csv"
CSV_CONTENT_TYPE = f"{CSV}; charset=utf-8; header=present"


def prefers_csv(accept: str) -> bool:
    """Whether the client prefers CSV to JSON; JSON wins a tie."""
    qualities = dict(_qualities(accept))
    csv = _quality(qualities, CSV, "text/*", "*/*")
    json = _quality(qualities, JSON, "application/*", "*/*")
    return csv > json


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a response may be compressed with gzip."""
    return _quality(dict(_qualities(accept_encoding)), "gzip", "*") > 0


def _quality(qualities: dict[str, float], *ranges: str) -> float:
    """The quality of the first of `ranges` (most specific first) in the header; 0 without any."""
    return next((qualities[name] for name in ranges if name in qualities), 0)


def _qualities(header: str) -> Iterator[tuple[str, float]]:
    """Each value of the header in lower case, with its quality; 0 if the quality is invalid."""
    for item in header.lower().split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            yield value, float(quality)
        except ValueError:
            yield value, 0
