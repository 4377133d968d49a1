"""The pull request: the job's context, GitHub's API, the one comment."""
