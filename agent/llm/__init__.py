"""Language models: which one, what it can do and cost, and its limits."""
