"""Many execution environments against one limiting upstream: does the promise of politeness hold?

`python -m tools.politeness --help` tells the size of a run; `run.measure` is the same for tests.
"""
