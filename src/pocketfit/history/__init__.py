"""What earlier commits were: entries made of reports, folders of them, and what they tell. Pure but for the folder."""
