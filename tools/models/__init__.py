"""Models that can be downloaded."""
