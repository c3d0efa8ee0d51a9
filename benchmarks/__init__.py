"""Speed and quality, as tables that anyone can make again."""
