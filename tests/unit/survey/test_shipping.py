from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.survey.looking import look_at


@pytest.mark.parametrize(
    ("files", "formats"),
    [
        ({"app/build.gradle": "implementation 'org.pytorch:pytorch_android_lite:1.13.1'"}, {"lite": "app/build.gradle"}),
        ({"app/build.gradle.kts": 'implementation("org.pytorch:pytorch_android:1.13.1")'}, {"torchscript": "app/build.gradle.kts"}),
        ({"app/build.gradle": "implementation 'org.pytorch:pytorch_android_torchvision:1.13.1'"}, {}),
        ({"gradle/libs.versions.toml": 'et = { module = "org.pytorch:executorch-android" }'}, {"executorch": "gradle/libs.versions.toml"}),
        ({"export.py": "from torch.utils.mobile_optimizer import optimize_for_mobile\n"}, {"lite": "export.py"}),
        ({"export.py": "from executorch.exir import to_edge\n"}, {"executorch": "export.py"}),
        ({"app/assets/net.ptl": "", "export.py": "import executorch\n"}, {"lite": "app/assets/net.ptl"}),
        ({"app/src/main/assets/net.pt": ""}, {"torchscript": "app/src/main/assets/net.pt"}),
        ({"weights/net.pt": ""}, {}),
        ({"net.pte": ""}, {"executorch": "net.pte"}),
    ],
)  # fmt: skip
def test_formats_are_those_that_are_shipped(tmp_path: Path, files: dict[str, str], formats: dict[str, str]) -> None:
    assert look_at(tmp_path, files).shipping.formats == formats
