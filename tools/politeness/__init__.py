"""Many execution environments against one limited upstream: do they stay polite?

`python -m tools.politeness --help` explains the options; tests call `run.measure`.
"""
