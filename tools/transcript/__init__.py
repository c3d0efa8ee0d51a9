"""What is said: subtitles, speech recognition, speakers."""
