"""The files that init writes, each by its place in the repository."""

CONFIG_FILE = "pocketfit.toml"
WORKFLOW_FILE = ".github/workflows/pocketfit.yml"
BUILDERS_FILE = "pocketfit_models.py"
# What begins a line that the user must complete.
TODO = "# TODO"
PACKAGES_FILE = "requirements-mobile.txt"
