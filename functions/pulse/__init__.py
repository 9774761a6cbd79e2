"""The ground floor: what PyPI's download numbers mean.

Pure and typed. Nothing here does I/O, knows AWS or knows a web framework, so both variants stand
on the same rules and differ only in how they wait.
"""

__version__ = "0.1.0"
