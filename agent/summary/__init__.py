"""Summaries and captions of a video, with or without a language model."""
