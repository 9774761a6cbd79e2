"""ClickHouse's tables of PyPI downloads: which one to read, the SQL, and the check of the answer.

Sans-I/O: the caller sends the query.
"""
