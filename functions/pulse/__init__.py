"""The core: the rules for PyPI's download counts, shared by both variants.

Pure and typed: no I/O, no AWS, no web framework. The variants differ only in how they do I/O.
"""

__version__ = "0.1.0"
