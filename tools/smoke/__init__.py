"""Whether a running PyPI Pulse, wherever it is deployed, keeps what its API promises.

`python -m tools.smoke URL` asks every route, and prints what was promised and what came.
"""
