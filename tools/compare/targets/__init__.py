"""The benchmark targets: Lambda functions in containers, servers under load, the article's own functions."""
