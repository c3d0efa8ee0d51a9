"""Placeholder."""


class Finishing:
    def __init__(self, library, home): ...
