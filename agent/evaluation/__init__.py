"""The measuring rod: videos with known truth, questions about them, and what the answers are."""
