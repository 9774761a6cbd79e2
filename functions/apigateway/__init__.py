"""What API Gateway hands to a Lambda function and takes back: HTTP API events, payload 2.0.

Both handlers stand on it, so it is a ground floor of its own beside `pulse`, which knows no AWS.
Only plain dicts: no AWS library, no I/O, no framework.
"""

from apigateway.handler import never_crashing

__all__ = ["never_crashing"]
