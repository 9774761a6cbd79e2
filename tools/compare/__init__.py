"""Flask against FastAPI, measured side by side: `python -m tools.compare --help`."""
