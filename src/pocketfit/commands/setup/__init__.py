"""An installed Pocketfit's Android side: what the wheel has of it, and libraries out of their archives."""

from pocketfit.commands.setup.planned import Plan, announced, missing_beside, plan
from pocketfit.commands.setup.setting_up import is_there, set_up

__all__ = ["Plan", "announced", "is_there", "missing_beside", "plan", "set_up"]
