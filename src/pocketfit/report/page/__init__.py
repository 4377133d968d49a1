"""The report as a page: what stands on it and in which order, what is drawn, its templates, style and script. Pure."""
