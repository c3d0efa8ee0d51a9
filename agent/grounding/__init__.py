"""What "verified" means: claims tested against their evidence."""
