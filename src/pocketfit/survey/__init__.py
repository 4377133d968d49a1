"""A look at a repository that runs none of its code: its models, their arguments and inputs, weights and formats."""

from pocketfit.survey.found import FoundModel, Place, Survey, look

__all__ = ["FoundModel", "Place", "Survey", "look"]
