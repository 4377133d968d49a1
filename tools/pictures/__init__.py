"""Makes the pictures of README and the documents from a real report, in a real Chromium."""
