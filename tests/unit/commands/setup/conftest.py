"""An installation from a wheel whose libraries are a few bytes, with a mvn and an npm that are shell scripts."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pocketfit import __version__, installed
from pocketfit.runtimes.archives import Archive, Client, Libraries, Member, to_plain

LITE = "org.pytorch:pytorch_android_lite:1.12.2:aar"
FBJNI = "com.facebook.fbjni:fbjni:0.7.0:aar"
NPM = "react-native-executorch@0.9.3"
NPM_LIBRARY = "package/third-party/android/libs/executorch/x86_64/libexecutorch.so"
NPM_PHONE = NPM_LIBRARY.replace("x86_64", "arm64-v8a")
RUNTIMES = {
    "pocketfit": __version__,
    "desktop_abi": "x86_64",
    "runtimes": {
        "lite": {"artifact": "pytorch_android_lite", "version": "1.12.2"},
        "executorch": {"artifact": "react-native-executorch", "version": "0.9.3"},
    },
}
# Each copies what it is asked for out of $REGISTRY, or says that it has none in its own words.
MVN = """#!/bin/sh
for word; do case $word in
  -Dartifact=*) name=${word#*=} ;;
  -DoutputDirectory=*) out=${word#*=} ;;
esac; done
IFS=:; set -- $name
cp "$REGISTRY/$2-$3.$4" "$out/" 2>/dev/null && exit
echo "[ERROR] Failed to execute goal org.x:plugin:copy (default-cli) on project standalone-pom: Could not find artifact $name in here -> [Help 1]"
echo "[ERROR] "
echo "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch."
exit 1
"""
NPM_SCRIPT = """#!/bin/sh
for word; do :; done
cp "$REGISTRY/${word%@*}-${word#*@}.tgz" . 2>/dev/null && exit
echo "npm error code E404" >&2
echo "npm error 404 Not Found - GET $word" >&2
exit 1
"""


@dataclass(frozen=True)
class Installation:
    """`registry` holds the archives that mvn and npm have, `programs` is all of PATH."""

    prebuilt: Path
    registry: Path
    programs: Path
    folder: Path
    libraries: Libraries

    def pack(self, client: Client, name: str, files: dict[str, bytes], places: dict[str, str]) -> Archive:
        """Make an archive, and return it with each file's place (by place, its name in the archive)."""
        archive = Archive(client, name, 0, "", ())
        file = self.registry / archive.file_name
        if client == "npm":
            with tarfile.open(file, "w:gz") as tar:
                for inside, content in files.items():
                    entry = tarfile.TarInfo(inside)
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
        else:
            with zipfile.ZipFile(file, "w") as opened:
                for inside, content in files.items():
                    opened.writestr(inside, content)
        members = tuple(
            Member(inside, place, len(files[inside]), hashlib.sha256(files[inside]).hexdigest())
            for place, inside in places.items()
        )
        packed = file.read_bytes()
        return replace(archive, size_bytes=len(packed), sha256=hashlib.sha256(packed).hexdigest(), files=members)

    def write(self, libraries: Libraries) -> None:
        (self.prebuilt / "libraries.json").write_text(json.dumps(to_plain(libraries)))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    prebuilt, registry, programs = (tmp_path / name for name in ("prebuilt", "registry", "programs"))
    for folder in (prebuilt / "desktop", prebuilt / "executorch/desktop", registry, programs):
        folder.mkdir(parents=True)
    (prebuilt / "desktop/pocketfit.jar").write_bytes(b"ours")
    (prebuilt / "executorch/desktop/engine.jar").write_bytes(b"engine")
    (prebuilt / "runtimes.json").write_text(json.dumps(RUNTIMES))
    for name, script in (("mvn", MVN), ("npm", NPM_SCRIPT), ("java", "#!/bin/sh\n")):
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    for name in ("sh", "cp"):
        (programs / name).symlink_to(f"/bin/{name}")
    monkeypatch.setattr(installed, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(installed, "PREBUILT", prebuilt)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("REGISTRY", str(registry))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.delenv("POCKETFIT_ANDROID", raising=False)
    made = Installation(
        prebuilt, registry, programs, tmp_path / "caches/pocketfit/android" / __version__, Libraries(__version__, ())
    )
    jni = {
        "jni/x86_64/libpytorch_jni.so": b"lite library",
        "jni/x86_64/libc++_shared.so": b"c++",
        "jni/arm64-v8a/libpytorch_jni.so": b"a phone's lite library",
        "jni/x86/libpytorch_jni.so": b"lite library of 32 bit",
        "headers/a.h": b"no",
    }
    archives = (
        made.pack("mvn", LITE, jni, {f"lite/{name}": name for name in jni if name.endswith(".so")}),
        made.pack(
            "mvn",
            FBJNI,
            {"jni/x86_64/libfbjni.so": b"fbjni"},
            {"executorch/jni/x86_64/libfbjni.so": "jni/x86_64/libfbjni.so"},
        ),
        made.pack(
            "npm",
            NPM,
            {NPM_LIBRARY: b"executorch", NPM_PHONE: b"a phone's"},
            {
                "executorch/jni/x86_64/libexecutorch.so": NPM_LIBRARY,
                "executorch/jni/arm64-v8a/libexecutorch.so": NPM_PHONE,
            },
        ),
    )
    made = replace(made, libraries=Libraries(__version__, archives))
    made.write(made.libraries)
    return made
