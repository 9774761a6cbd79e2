"""The scheduled function that collects the history of tracked packages, and its Lambda handler."""
