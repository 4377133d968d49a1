"""Programs by strangers, each under a supervisor: held to its limits, walled in, and gone with all that it started."""
