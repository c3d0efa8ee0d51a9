"""Durable files: atomic writes, checksums, locks, free space."""
