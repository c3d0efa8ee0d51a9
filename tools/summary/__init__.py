"""Sentences, chapters, titles and highlights of a video."""
