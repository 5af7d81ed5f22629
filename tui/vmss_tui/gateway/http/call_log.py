"""One log line for every attempt of every call to Azure: what a support ticket needs, and no secret.

Is last in the pipeline, so that it sees each attempt. Paths are logged without their query, which may be signed;
headers and bodies never are. Source: "Request and correlation ids" (x-ms-request-id, x-ms-correlation-request-id).
"""

import logging
import time
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

_log = logging.getLogger("vmss_tui.gateway.calls")
_STARTED = "vmss_tui.started"
_ATTEMPT = "vmss_tui.attempt"


class LogCalls(SansIOHTTPPolicy[Any, Any]):
    """Log method, path, status, duration, ids and attempt of each call."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Note when it was sent."""
        request.context[_STARTED] = time.monotonic()
        request.context[_ATTEMPT] = request.context.get(_ATTEMPT, 0) + 1

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """The answer's status and ids; a refusal is a warning."""
        answer = response.http_response
        headers = answer.headers
        level = logging.INFO if answer.status_code < 400 else logging.WARNING
        _log.log(
            level,
            "%s status=%d ms=%d request_id=%s correlation_id=%s attempt=%d",
            _call(request),
            answer.status_code,
            _milliseconds(request),
            headers.get("x-ms-request-id", "-"),
            headers.get("x-ms-correlation-request-id", "-"),
            request.context.get(_ATTEMPT, 1),
        )

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        """No answer at all."""
        sent = request.http_request.headers.get("x-ms-client-request-id", "-")
        _log.warning(
            "%s status=none ms=%d client_request_id=%s attempt=%d",
            _call(request),
            _milliseconds(request),
            sent,
            request.context.get(_ATTEMPT, 1),
            exc_info=_log.isEnabledFor(logging.DEBUG),
        )


def _call(request: PipelineRequest[Any]) -> str:
    return f"{request.http_request.method} {urlsplit(request.http_request.url).path}"


def _milliseconds(request: PipelineRequest[Any]) -> int:
    started: float = request.context.get(_STARTED, time.monotonic())
    return round(1000 * (time.monotonic() - started))
