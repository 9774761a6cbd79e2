"""The Flask variant: the same routes and response bytes, with blocking I/O.

It represents a typical existing API, so it has no cache and uses only `pulse` and `apigateway`.
"""
