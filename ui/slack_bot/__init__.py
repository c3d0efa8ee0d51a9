"""Slack: questions in channels, threads and direct messages, answered with frames."""
