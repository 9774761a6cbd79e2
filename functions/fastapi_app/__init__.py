"""The API as a FastAPI application, and its Lambda handler."""
