"""What the Android libraries are and have: their files, their operators, what they refuse."""
