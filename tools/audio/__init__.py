"""Loudness and voice activity."""
