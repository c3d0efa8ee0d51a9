"""Files to take away: clips, reels, transcripts, chapters, edit lists and evidence boards."""
