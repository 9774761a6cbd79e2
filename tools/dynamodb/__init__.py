"""The table without AWS: DynamoDB Local and moto's server on loopback, with the table of template.yaml."""
