"""Verify and repair a library."""
