"""The chat, by Chainlit."""
