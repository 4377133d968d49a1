"""What people read, one file per form, each a pure function of the Report.

What they all say stands in `cells` and `summary`, so that they agree.
"""
