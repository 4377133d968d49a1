"""What earlier runs made, by the hash of all that determined it: never what a run itself hands out (`store.py`)."""
