"""Measurements and long trials; bench/README.md says how each is run."""
