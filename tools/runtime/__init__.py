"""What `sam local` needs and a bare machine lacks: a Docker engine, the Lambda image, SAM itself.

`python -m tools.runtime` sets up engine and image, `.sam` runs the pinned SAM, `.local` runs functions.
"""
