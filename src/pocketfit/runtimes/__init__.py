"""The Android libraries: their files, their operators, and what they refuse."""
