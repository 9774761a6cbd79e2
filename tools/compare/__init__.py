"""`make compare`: measures the FastAPI and the Flask variant side by side. `docs/comparison.md` has the method."""
