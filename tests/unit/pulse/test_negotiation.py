"""Content negotiation: formats and encodings that a client prefers."""

import pytest

from pulse.negotiation import accepts_gzip, prefers_csv


@pytest.mark.parametrize(
    ("accept", "csv"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/csv", True),
        ("TEXT/CSV", True),
        ("text/csv, application/json", False),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv;q=0.5, application/json", False),
        ("text/*", True),
        ("text/csv;q=0", False),
        ("text/csv;q=high", False),
        ("text/html, */*;q=0.8", False),
        ("text/csv;header=present;q=0.8, */*;q=0.1", True),
        (";;,,q=,=", False),
    ],
)
def test_csv_is_preferred_by_accept(accept: str, csv: bool) -> None:
    assert prefers_csv(accept) is csv


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("", False),
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("br;q=1.0, *;q=0", False),
    ],
)
def test_gzip_is_accepted(accept_encoding: str, gzip: bool) -> None:
    assert accepts_gzip(accept_encoding) is gzip
