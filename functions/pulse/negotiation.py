"""What a client would rather have, by the `Accept` and `Accept-Encoding` headers of RFC 9110."""

from collections.abc import Iterator

JSON = "application/json"
CSV = "text/csv"
CSV_CONTENT_TYPE = f"{CSV}; charset=utf-8; header=present"


def prefers_csv(accept: str) -> bool:
    """Whether CSV is asked for, and JSON is not wanted at least as much."""
    qualities = dict(_qualities(accept))
    csv = _quality(qualities, CSV, "text/*", "*/*")
    json = _quality(qualities, JSON, "application/*", "*/*")
    return csv > json


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an answer may be compressed with gzip."""
    return _quality(dict(_qualities(accept_encoding)), "gzip", "*") > 0


def _quality(qualities: dict[str, float], *ranges: str) -> float:
    """The quality of the most specific of `ranges` that is given; 0 if none is."""
    return next((qualities[one] for one in ranges if one in qualities), 0)


def _qualities(header: str) -> Iterator[tuple[str, float]]:
    """Each value of the header, in lower case, with its quality; what can't be read has none."""
    for item in header.lower().split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            yield value, float(quality)
        except ValueError:
            yield value, 0
