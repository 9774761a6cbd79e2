"""The top floor: the API as a FastAPI application, and its Lambda handler."""
