"""A ClickHouse server on loopback, as the public endpoint of ClickHouse's PyPI data is set up, with invented rows."""
