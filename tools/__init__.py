"""Capabilities on video: plain, synchronous, typed."""
