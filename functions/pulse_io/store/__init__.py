"""The two caches: memory, and the table that all execution environments share."""
