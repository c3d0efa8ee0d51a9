"""The library for other agents, over the Model Context Protocol."""
