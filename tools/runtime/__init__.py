"""A Docker engine, the local Lambda image and SAM: what `sam local` needs and a bare machine lacks.

`python -m tools.runtime` makes the engine and the image, `.sam` calls the pinned SAM,
`.invoke` and `.local` wrap `sam local invoke` and `sam local start-api`.
"""
