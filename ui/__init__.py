"""The doors: chat, command line, and what they share."""
