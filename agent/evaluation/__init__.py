"""Evaluation harness: synthetic videos with ground truth, questions about them, and metrics."""
