"""Everything that touches FFmpeg, through PyAV: the only place that imports `av`."""
