"""Media containers and codecs: FFmpeg through PyAV, which only this package imports."""
