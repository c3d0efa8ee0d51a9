"""Provenance: what says how a file was made, and saying it of what is made here."""
