"""The twin: the same routes and bytes from Flask, which waits by blocking.

It is what people have today, so it keeps no cache and stands on `pulse` (and `apigateway`) alone.
"""
