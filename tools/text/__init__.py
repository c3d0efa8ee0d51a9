"""Text: tokens, numbers and times in words, languages."""
