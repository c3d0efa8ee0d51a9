"""Transcripts: subtitles, speech recognition, speakers."""
