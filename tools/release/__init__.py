"""A release: images by digest, a commit that names them, a tag, and the files beside it: `python -m tools.release`.

Nothing that users take refers to an image before the tag does, and each step looks first whether it is done: the same
command again goes on where an earlier one ended.
"""
