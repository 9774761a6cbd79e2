"""The table without AWS: DynamoDB Local and moto's server on the loopback, and the table as template.yaml has it.

`python -m tools.dynamodb` runs DynamoDB Local until Ctrl-C.
"""
