"""What to do with whom: keep or stop contacting."""
