"""The child process: `python -P -m pocketfit.exporter JOB_FILE FOLDER`, see main.py."""

import json
import os
import sys
from pathlib import Path

from pocketfit.exporter.main import examine, main, prepare, prepare_lowering

if sys.argv[1] == "--serve":
    from pocketfit.exporter.importing.serving import serve_jobs

    # From here on this is a process forked for one job, as it would be if it were started for that.
    sys.argv[1:] = serve_jobs(int(sys.argv[2]), sys.argv[3], prepare, prepare_lowering)
if sys.argv[1] == "--examine":
    print(json.dumps(examine()))
else:
    main(Path(sys.argv[1]), Path(sys.argv[2]))
sys.stdout.flush()
sys.stderr.flush()
# Threads that model code left running must not keep a finished child alive.
os._exit(0)
