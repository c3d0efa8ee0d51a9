"""A video's folder: manifest, stage results, frames, the original."""
