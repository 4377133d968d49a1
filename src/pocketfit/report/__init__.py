"""Says what changed, in each form that people read it in. Pure: nothing outside is touched.

Each form is one file with one function; what they all say stands in `cells` and `summary`, so that they agree.
"""
