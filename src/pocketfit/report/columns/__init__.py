"""What the columns say that are there where something of theirs changed: memory and work."""
