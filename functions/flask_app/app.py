"""The Flask application: its routes, and the responses to errors."""

import logging
import os
import time
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from flask import Flask, Response, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException

from apigateway.log import log_request
from flask_app.prefix import PrefixMiddleware, RawPathMiddleware
from flask_app.settings import FlaskSettings
from flask_app.upstream import BlockingUpstream
from pulse import __version__, comparison
from pulse.comparison import by_package, overall_questions
from pulse.cors import ON_EVERY_ANSWER, ON_OPTIONS
from pulse.models import Health
from pulse.negotiation import CSV_CONTENT_TYPE
from pulse.parameters import CompareRequest, DownloadsRequest, HealthRequest, StatsRequest, read
from pulse.problems import (
    MEDIA_TYPE,
    InternalError,
    MethodNotAllowed,
    NotConfigured,
    Problem,
    RouteNotFound,
)
from pulse.questions import Breakdown, Question
from pulse.request_log import open_request_log, request_log
from pulse.series import as_csv, download_series, read_dates, source_headers
from pulse.stats import package_stats
from pulse.target import instance
from pulse.views import needs_clickhouse

_log = logging.getLogger(__name__)

PREFIX: Final = "/flask"
"""The path of the Flask variant, where one HTTP API serves both variants."""


ONLY_PYPISTATS: Final = (
    "The Flask variant asks pypistats.org alone, which has no downloads by version, country, installer or "
    "file type. The FastAPI variant has them if the setting CLICKHOUSE_URL switches them on."
)


def create_app(upstream: BlockingUpstream, base_path: str = "") -> Flask:
    """The application. All figures come from `upstream`; it is served below `base_path` and the root."""
    app = Flask(__name__, static_folder=None)
    # As in FastAPI: 404 for double slashes, and OPTIONS is not handled by routes.
    app.url_map.merge_slashes = False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.register_error_handler(Exception, _on_error)

    app.before_request(_open_log)
    app.before_request(_answer_options)
    app.after_request(_add_cors_headers)
    app.after_request(_write_log)

    @app.get("/packages/<package>")
    def get_package_stats(package: str) -> Response:
        asked = read(StatsRequest, {"package": package}, _query_string())
        counts = upstream.fetch(Question(asked.path.package, Breakdown.OVERALL))
        stats = package_stats(asked.path.package, counts, mirrors=asked.query.mirrors)
        return _model_response(stats)

    @app.get("/packages/<package>/downloads")
    def get_package_downloads(package: str) -> Response:
        asked = read(DownloadsRequest, {"package": package}, _query_string())
        dates = read_dates(asked.query)
        if needs_clickhouse(asked.query.by, asked.query.version):
            raise NotConfigured(ONLY_PYPISTATS)
        counts = upstream.fetch(Question(asked.path.package, Breakdown(asked.query.by)))
        series = download_series(asked.path.package, asked.query, dates, counts)
        if asked.query.wants_csv(request.headers.get("accept", "")):
            return Response(
                as_csv(series), headers=source_headers(series), content_type=CSV_CONTENT_TYPE
            )
        return _model_response(series)

    @app.get("/compare")
    def compare_packages() -> Response:
        query = read(CompareRequest, {}, _query_string()).query
        outcomes = by_package(upstream.fetch_all(overall_questions(query.packages)))
        compared = comparison.compare(query.packages, outcomes, mirrors=query.mirrors)
        response = _model_response(compared)
        if wait_s := comparison.retry_after_s(outcomes.values()):
            response.headers["retry-after"] = str(wait_s)
        return response

    @app.get("/health")
    def get_health() -> Response:
        read(HealthRequest, {}, _query_string())
        return _model_response(Health(version=__version__, variant="flask"))

    below = PrefixMiddleware(PrefixMiddleware(app.wsgi_app, PREFIX), base_path)
    app.wsgi_app = RawPathMiddleware(below)  # type: ignore[method-assign]  # as in Flask's documentation
    return app


def _answer_options() -> Response | None:
    """The response to OPTIONS, preflight or not; None for any other method."""
    if request.method != "OPTIONS":
        return None
    return Response(status=HTTPStatus.NO_CONTENT, headers=ON_OPTIONS)


def _open_log() -> None:
    open_request_log(time.monotonic, _request_id())


def _write_log(response: Response) -> Response:
    """Write the log line, and add the `X-Request-Id` and `Server-Timing` headers."""
    response.headers["x-request-id"] = request_log().request_id
    response.headers["server-timing"] = request_log().server_timing
    route = str(request.url_rule or "none").replace("<", "{").replace(">", "}")
    log_request(request_log(), method=request.method, route=route, status=response.status_code)
    return response


def _add_cors_headers(response: Response) -> Response:
    response.headers.update(ON_EVERY_ANSWER)
    return response


def _query_string() -> str:
    return request.query_string.decode("latin-1")


def _model_response(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")


def _on_error(error: Exception) -> Response:
    problem = _as_problem(error)
    path = request.root_path + request.path
    request_log().ended_with(problem)
    body = problem.json_document(instance=instance(path), request_id=request_log().request_id)
    return Response(body, problem.status, problem.headers, mimetype=MEDIA_TYPE)


def _as_problem(error: Exception) -> Problem:
    """The problem for an exception; an unexpected exception is a defect."""
    match error:
        case Problem():
            return error
        case HTTPException(code=HTTPStatus.METHOD_NOT_ALLOWED):
            return MethodNotAllowed.asked(request.method)
        case HTTPException(code=HTTPStatus.NOT_FOUND):
            return RouteNotFound.at(request.root_path + request.path)
        case _:
            _log.error("a request failed unexpectedly", exc_info=error)
            return InternalError()


def _request_id() -> str:
    """API Gateway's id of the request; a new one without API Gateway."""
    context = request.environ.get("apig_wsgi.request_context")
    return str(context["requestId"]) if context else str(uuid4())


_settings = FlaskSettings.from_environ(os.environ)
app = create_app(BlockingUpstream(_settings), _settings.base_path)
