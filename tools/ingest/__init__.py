"""Indexing: the pipeline, its workers and stages, and sampling on demand."""
