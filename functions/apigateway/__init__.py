"""API Gateway's HTTP API events and responses (payload format 2.0), for both Lambda handlers.

Separate from `pulse`, which knows no AWS. Uses plain dicts: no AWS library, no I/O, no framework.
"""

from apigateway.handler import safe_handler

__all__ = ["safe_handler"]
