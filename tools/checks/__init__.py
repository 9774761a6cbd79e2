"""Checks of template.yaml by the tools that know what AWS accepts. `make lint` runs them."""
