from __future__ import annotations

from pathlib import Path

from tests.unit.survey.looking import only_model
from tests.unit.survey.test_idioms import NET


def test_packages_of_others_through_all_that_a_model_imports(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "import einops.layers\n",
        "pkg/net.py": f"import os\nimport numpy\nfrom .layers import x\nfrom pkg import other\n{NET}",
        "pkg/layers.py": "try:\n    import albumentations as A\nexcept ImportError:\n    A = None\nx = 1\n",
        "pkg/other.py": "from torchvision import ops\n",
        "pkg/unused.py": "import wandb\n",
        "train.py": "import tqdm\nfrom pkg.net import Net\nNet()\n",
    }
    assert only_model(tmp_path, files).packages == ("albumentations", "einops")
