"""An AWS account on this machine: ministack in a container, its functions in the Lambda image.

`python -m tools.emulator` deploys to it, smokes what it serves, runs the collector and deletes the stack again.
"""
