"""A look at a repository that runs none of its code: its models, their arguments and inputs, weights and formats."""

from pocketfit.survey.found import FoundModel, MadeObject, Place, Survey, look

__all__ = ["FoundModel", "MadeObject", "Place", "Survey", "look"]
