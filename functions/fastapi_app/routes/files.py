"""Static files, and the files that browsers, crawlers and language models look for."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from fastapi_app.caching import conditional_response
from fastapi_app.security import FILE_HEADERS, IMAGE_HEADERS
from pulse.problems import RouteNotFound

DAILY: Final = "public, max-age=86400"
_TEXT: Final = "text/plain; charset=utf-8"

# A search engine that follows every comparison would use up the source's rate limit. Previews of shared links
# are wanted.
ROBOTS: Final = """\
User-agent: *
Allow: /$
Disallow: /*?
Disallow: /api/
Disallow: /compare
Disallow: /packages/

User-agent: Twitterbot
User-agent: facebookexternalhit
User-agent: LinkedInBot
User-agent: Slackbot
User-agent: Discordbot
Allow: /
"""

LLMS: Final = """\
# PyPI Pulse

> Download statistics of Python packages as an API and a website. Figures come from pypistats.org and end a day
> or two ago. `source` says `simulated` if they are invented.

## API

- [OpenAPI document]({base}/openapi.json): every route, parameter and field.
- `GET {base}/packages/{{package}}`: sums of the last day, week and month, growth, missing days.
- `GET {base}/packages/{{package}}/downloads?by=python_minor&period=week`: downloads over time, JSON or CSV.
- `GET {base}/compare?packages=httpx,requests`: up to 50 packages in one answer. Prefer it to many single requests.
- `GET {base}/compare/downloads?packages=httpx,requests&period=month`: the same over time.

Where the operator has switched ClickHouse on (else most of these are a 501):

- `GET {base}/packages/{{package}}/downloads?by=version`: also `country`, `installer`, `file_type`; `start` from 2011 on.
- `GET {base}/packages/{{package}}/total`: downloads of all time, or of the days that are kept.
- `GET {base}/top?period=month`: the most downloaded packages.

Answers carry `Cache-Control` and `ETag`; errors are RFC 9457 documents, with `Retry-After` where one is known.

## Pages

- `{base}/?packages=httpx,requests`: a chart and a table for people, up to ten packages.
- [Documentation]({base}/docs)
"""

router = APIRouter(include_in_schema=False)


@router.get("/static/{name}")
async def get_static_file(request: Request, name: str) -> Response:
    """A static file. A path with an old digest gets the current file."""
    from fastapi_app.static_files import IMMUTABLE, REVALIDATE, requested  # noqa: PLC0415 - as pages

    found = requested(name)
    if found is None:
        raise RouteNotFound.at(request.scope["path"])
    file, current = found
    headers = {
        **(IMAGE_HEADERS if "svg" in file.content_type else FILE_HEADERS),
        "content-type": file.content_type,
        "cache-control": IMMUTABLE if current else REVALIDATE,
        "vary": "Accept-Encoding",
    }
    return conditional_response(request, file.body, headers, gzipped=file.gzipped)


@router.get("/favicon.svg")
async def get_favicon(request: Request) -> Response:
    """The icon, where browsers look for it."""
    from fastapi_app.static_files import load  # noqa: PLC0415 - as pages

    file = load("favicon.svg")
    headers = {
        **IMAGE_HEADERS,
        "content-type": file.content_type,
        "cache-control": DAILY,
        "vary": "Accept-Encoding",
    }
    return conditional_response(request, file.body, headers)


@router.get("/robots.txt")
async def get_robots(request: Request) -> Response:
    """What crawlers may fetch."""
    return _text(request, ROBOTS)


@router.get("/llms.txt")
async def get_llms(request: Request) -> Response:
    """What this is and how to use it, for language models."""
    base = f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}"
    return _text(request, LLMS.format(base=base))


def _text(request: Request, body: str) -> Response:
    headers = {
        **FILE_HEADERS,
        "content-type": _TEXT,
        "cache-control": DAILY,
        "vary": "Accept-Encoding",
    }
    return conditional_response(request, body.encode(), headers)
