"""What the product can do with video: plain, synchronous, typed."""
