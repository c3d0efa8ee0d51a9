"""Ranking, vector indexes and calibration."""
