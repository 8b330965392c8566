"""What a source distribution holds."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conftest import ROOT

LEFT_OUT = (".ci/", "tests/golden/", "tests/crash/", "tests/fuzz/")


def test_it_holds_all_that_the_checkout_does_but_for_the_cores_own_test_data(tmp_path: Path) -> None:
    pytest.importorskip("scikit_build_core")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not in a checkout")
    make = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", make, str(tmp_path)], capture_output=True, cwd=ROOT, check=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    expected = {
        name
        for name in listed.stdout.splitlines()
        if not name.startswith(LEFT_OUT) and (ROOT / name).exists()
    }
    assert len(expected) > 200
    assert held == expected | {"PKG-INFO"}
