"""The branch that a history is kept on: an orphan of one small file a commit, which nobody has to check out."""
