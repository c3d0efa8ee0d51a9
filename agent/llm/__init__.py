"""Language models: choice, abilities, prices and limits."""
