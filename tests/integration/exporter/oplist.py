"""Runs ExecuTorch's own gen_oplist, which makes the list that a selective build takes, and prints it as JSON.

Its PyYAML is not installed here (requirements/executorch.in): ruamel.yaml, which is, reads in its place.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


def stand_in() -> ModuleType:
    """PyYAML as far as gen_oplist uses it; what it dumps is JSON, which is YAML."""
    from ruamel.yaml import YAML

    def load(stream: Any, Loader: Any = None) -> Any:
        return YAML(typ="safe", pure=True).load(stream)

    module: Any = ModuleType("yaml")
    module.load, module.safe_load, module.safe_dump = load, load, lambda value, **_: json.dumps(value)
    module.SafeLoader = module.CSafeLoader = module.Loader = module.CLoader = module.SafeDumper = object
    return module  # type: ignore[no-any-return]


def main() -> None:
    """Print the operators of each file that is named: a program, or a list of operators (.yaml)."""
    sys.modules["yaml"] = stand_in()
    from executorch.codegen.tools.gen_oplist import gen_oplist

    found = {}
    for name in sys.argv[1:]:
        made = Path(f"{name}.made")
        kind = "ops_schema_yaml_path" if name.endswith(".yaml") else "model_file_path"
        with contextlib.redirect_stdout(io.StringIO()):
            gen_oplist(made, **{kind: name})
        found[name] = sorted(json.loads(made.read_text())["operators"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
