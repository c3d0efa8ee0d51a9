"""What pixels tell: signals, sampling, scenes, colours, text."""
