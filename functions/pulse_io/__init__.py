"""Asynchronous I/O: fetches and caches daily counts."""
