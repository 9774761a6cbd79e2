"""Flask against FastAPI, measured side by side: `python -m workbench.compare --help`."""
