"""What the browser talks to: host guard, media, uploads, jobs."""
