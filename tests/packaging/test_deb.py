"""The Debian package: made offline; installed, upgraded, removed and purged in a root of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hrd import __version__

ROOT = Path(__file__).parents[2]
PYTHON = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
STORY = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --bind "$2" "$1/root/mnt"
mount -t tmpfs tmpfs "$1/root/run"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
cat > "$1/root/story" <<'END'
. /etc/os-release
modes() { stat -c '%a %U %n' /etc/hermes-router /etc/hermes-router/.env; }
set -e
dpkg --purge hermes-router >&2 || :
echo "= install"; dpkg --install /mnt/*.deb >&2; modes; hr --version; hrd --version; systemctl is-enabled hrd.service hrd.socket
echo "= upgrade"; echo PORT=8320 >> /etc/hermes-router/.env; dpkg --install /mnt/*.deb >&2; modes; cat /etc/hermes-router/.env
echo "= verify"; dpkg --verify hermes-router
echo "= remove"; dpkg --remove hermes-router >&2; modes; ls -d /opt/hermes-router || echo gone
echo "= purge"; dpkg --purge hermes-router >&2; ls -d /etc/hermes-router || echo gone; id hermes-router || echo nobody
echo "= beside"; mkdir -p /usr/local/lib/systemd/system; touch /usr/local/lib/systemd/system/hrd.service
dpkg --install /mnt/*.deb || echo refused
END
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive chroot "$1/root" /bin/sh /story
"""
TOLD = f"""= install
750 hermes-router /etc/hermes-router
600 hermes-router /etc/hermes-router/.env
hr {__version__}
hrd {__version__}
enabled
enabled
= upgrade
750 hermes-router /etc/hermes-router
600 hermes-router /etc/hermes-router/.env
CONTROL_GROUP=hermes-router
PORT=8320
= verify
= remove
750 hermes-router /etc/hermes-router
600 hermes-router /etc/hermes-router/.env
gone
= purge
gone
nobody
= beside
"""

pytestmark = pytest.mark.e2e


def _why_not() -> str:
    """What a package and a root to install it in take, and is missing here."""
    if not shutil.which("dpkg-deb") or not Path(PYTHON).exists():
        return f"wants dpkg-deb and {PYTHON}"
    if subprocess.run([PYTHON, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        return f"wants the venv module of {PYTHON}"
    if os.geteuid() or not shutil.which("systemd-sysusers"):
        return "wants root, and systemd's programs"
    probe = ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt"]
    return "wants to mount" if subprocess.run(probe, capture_output=True).returncode else ""


@pytest.mark.skipif(bool(_why_not()), reason=_why_not())
def test_a_package_comes_is_renewed_goes_and_is_forgotten(tmp_path: Path, wheels: Path) -> None:
    build = [PYTHON, str(ROOT / "packaging/deb.py"), "--wheels", str(wheels), "--to", str(tmp_path / "dist")]
    quick = os.environ | {"DPKG_DEB_COMPRESSOR_LEVEL": "0"}  # half of its time is compressing
    made = subprocess.run(build, env=quick, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert [path.name for path in (tmp_path / "dist").iterdir()] == [Path(made.stdout.splitlines()[-1]).name]
    (tmp_path / "space").mkdir()
    script = ["unshare", "--mount", "sh", "-c", STORY, "sh", str(tmp_path / "space"), str(tmp_path / "dist")]
    told = subprocess.run(script, capture_output=True, text=True)
    assert told.stdout.startswith(TOLD), told.stdout + told.stderr
    assert told.stdout.endswith("refused\n")
    assert "hermes-router was installed by make: remove that first" in told.stderr


@pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"wants {PYTHON}")
def test_only_the_distributions_python_makes_one(tmp_path: Path, wheels: Path) -> None:
    if Path(sys.base_prefix) == Path("/usr"):
        pytest.skip("this is the distribution's Python")
    build = [sys.executable, str(ROOT / "packaging/deb.py"), "--wheels", str(wheels), "--to", str(tmp_path)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert (done.returncode, "make deb DEB_PYTHON=/usr/bin/python3" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("version", "debian"), [("1.2.3", "1.2.3"), ("1.2.3.dev4", "1.2.3~dev4"), ("1.2.3rc1", "1.2.3~rc1"), ("2.0a2", "2.0~a2")]
)
def test_a_version_before_a_release_is_older_than_the_release(version: str, debian: str) -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT / 'packaging')!r}); import deb; print(deb.debian_version({version!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == f"{debian}\n", done.stderr
