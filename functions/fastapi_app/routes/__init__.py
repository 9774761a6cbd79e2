"""The routes, one module for each OpenAPI tag."""
