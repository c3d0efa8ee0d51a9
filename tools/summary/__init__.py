"""Extractive summaries: sentences, chapters, titles and highlights of a video."""
