"""Claim verification: citations, cited evidence and verdicts."""
