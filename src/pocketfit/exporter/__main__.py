"""The child process: `python -P -m pocketfit.exporter JOB_FILE FOLDER`, see main.py."""

import json
import os
import sys
from pathlib import Path

from pocketfit.exporter.main import examine, main

if sys.argv[1] == "--examine":
    print(json.dumps(examine()))
else:
    main(Path(sys.argv[1]), Path(sys.argv[2]))
sys.stdout.flush()
sys.stderr.flush()
# Threads that model code left running must not keep a finished child alive.
os._exit(0)
