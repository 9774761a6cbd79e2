"""Many execution environments against one limiting upstream: does the promise of politeness hold?

`python -m workbench.politeness --help` tells the size of a run; `run.measure` is the same for tests.
"""
