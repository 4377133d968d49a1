"""An installed Pocketfit's Android side: what the wheel has of it, and libraries out of their archives."""

from pocketfit.commands.setup.planned import Plan, plan
from pocketfit.commands.setup.setting_up import is_there, set_up
from pocketfit.commands.setup.told import announced, missing_beside, of_no_use

__all__ = ["Plan", "announced", "is_there", "missing_beside", "of_no_use", "plan", "set_up"]
