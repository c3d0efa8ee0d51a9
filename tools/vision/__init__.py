"""Computer vision: signals, sampling, scenes, colours, motion, text on screen."""
