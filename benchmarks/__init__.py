"""Benchmarks of speed and quality, each printed as a table."""
