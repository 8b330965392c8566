#!/usr/bin/env python3
"""README and docs followed to the letter where nothing is installed: run.py [bookworm|trixie] [--all]
[CHAPTER...]

Each chapter begins in a new root that holds Debian's minimum, git, and ccache, so that what one page
installs can't hide what another forgot. A clean clone of HEAD is put there, in a folder with a space, and
what the page says is run as it stands: its sh blocks by bash, in one shell; a cmake or cpp block is what
the reader saves as CMakeLists.txt or main.cpp. Of lines that end in "# Debian 12", "# Debian 13, ..." only
the release's own are run. `--all`: `./dev test` and `wheel` too, which are chapters by name.

Needs root that may chroot and mount. Kept in build/bare: the roots' bases, packages, and compilers'
results, which the chapters share, since each compiles the library; in $CCACHE_DIR where there is one and
the release is this machine's. Mounts and processes live in namespaces of their own and end with the step,
however it ends. The mirror, apt's settings, certificates and the settings of pip and npm are this
machine's."""

import os
import pathlib
import platform
import re
import resource
import shutil
import subprocess
import sys
import time
from typing import NoReturn

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/docs"))
from blocks import blocks, fenced  # noqa: E402

KEPT = SOURCE / "build/bare"
CHECKOUT = "/home/buyer/my tickets"
NUMBERS = {"bookworm": "12", "trixie": "13"}
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
SETTINGS = re.compile(r"(pip|npm_config)_\w+|https?_proxy|no_proxy|ssl_cert_(file|dir)|requests_ca_bundle"
                      r"|node_extra_ca_certs|ccache_maxsize", re.I)
CAN_NOT_TRY = 77  # Nothing is wrong with the checkout: this machine makes no roots.
MACHINE_FILES = ["etc/resolv.conf", "etc/hosts", "etc/pip.conf", "etc/npmrc"]


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def give_up(why: str) -> NoReturn:
    print(f"bare: {why}", file=sys.stderr)
    sys.exit(CAN_NOT_TRY)


def make_base(release: str) -> pathlib.Path:
    """Debian's minimum and this machine's way to packages; made once."""
    base = KEPT / f"base-{release}"
    if base.exists():
        return base
    print(f"Making a root of {release} (once)", flush=True)
    listed = [
        line.split()
        for line in output(
            "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"
        ).splitlines()
    ]
    mirrors = [uri for uri, suite in listed if re.fullmatch("|".join(NUMBERS), suite)]
    security = [
        uri for uri, suite in listed if suite.endswith("-security") and suite.split("-")[0] in NUMBERS
    ]
    if not mirrors:
        give_up("this machine's apt sources have no Debian that could be the mirror")
    making = KEPT / f"making-{release}"
    shutil.rmtree(making, ignore_errors=True)
    with open(KEPT / f"debootstrap-{release}.log", "w", encoding="utf-8") as log:
        if subprocess.run(
            [
                "debootstrap",
                "--variant=minbase",
                "--include=git,ca-certificates,ccache",
                release,
                making,
                mirrors[0],
            ],
            stdout=log,
            stderr=log,
        ).returncode:
            give_up(f"debootstrap failed; see {log.name}")
    sources = [
        f"deb {mirrors[0]} {release} main",
        f"deb {mirrors[0]} {release}-updates main",
        *(f"deb {uri} {release}-security main" for uri in security[:1]),
    ]
    (making / "etc/apt/sources.list").write_text("\n".join(sources) + "\n", encoding="utf-8")
    settings = [line for line in output("apt-config", "dump").splitlines() if line.startswith("Acquire::")]
    (making / "etc/apt/apt.conf.d/machine").write_text("\n".join(settings) + "\n", encoding="utf-8")
    # The root is thrown away: nothing in it need reach the disk.
    (making / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n", encoding="utf-8")
    for name in MACHINE_FILES:
        if (file := pathlib.Path("/", name)).exists():
            (making / name).unlink(missing_ok=True)
            shutil.copyfile(file, making / name)
    for certificate in pathlib.Path("/usr/local/share/ca-certificates").glob("*.crt"):
        shutil.copy(certificate, making / "usr/local/share/ca-certificates")
    subprocess.run(["chroot", making, "update-ca-certificates"], check=True, capture_output=True)
    making.rename(base)
    return base


class Root:
    """A new root with a clean clone of HEAD in it."""

    def __init__(self, release: str) -> None:
        self.release = release
        self.path = KEPT / f"root-{release}"
        remove(self.path)
        subprocess.run(["cp", "-a", "--reflink=auto", make_base(release), self.path], check=True)
        folder = self.path / CHECKOUT.lstrip("/")
        folder.parent.mkdir(parents=True)
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", SOURCE, folder], check=True)
        subprocess.run(["chown", "-R", "0:0", folder], check=True)
        self.cached = {KEPT / f"archives-{release}": "var/cache/apt/archives",
                       compiled(release): "var/cache/ccache"}
        for here, there in self.cached.items():
            here.mkdir(parents=True, exist_ok=True)
            (self.path / there).mkdir(parents=True, exist_ok=True)

    def environment(self, user: str, home: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if SETTINGS.fullmatch(name)}
        kept |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home,
                 "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                 "NPM_CONFIG_GLOBALCONFIG": "/etc/npmrc",
                 "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt",
                 "CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_DIR": "/var/cache/ccache",
                 "CCACHE_NOHASHDIR": "1",
                 # The name that CMake finds by itself. pip's would call it g++, and ccache keep the two
                 # apart.
                 "CXX": "c++"}
        # What root has compiled others may take, and no more.
        return kept if user == "root" else kept | {"CCACHE_READONLY": "1", "CCACHE_TEMPDIR": "/tmp/ccache"}

    def run(
        self, title: str, script: str, user: str = "root", home: str = "/root", expect: int | None = 0
    ) -> str | None:
        """The script, by bash in the checkout; None where it failed and nothing was expected. Its mounts and
        processes are gone afterwards, by the kernel's own doing."""
        file = self.path / "tmp/step.sh"
        file.write_text(f"set -euo pipefail\ncd '{CHECKOUT}'\n{script}\n", encoding="utf-8")
        file.chmod(0o644)
        mounts = "".join(
            f"mount --bind '{here}' '{self.path / there}'; " for here, there in self.cached.items()
        )
        # No exec: a process that becomes another user forgets to end with its parent; root's bash does not.
        inside = (f"mount -t proc proc '{self.path}/proc'; mount --rbind /dev '{self.path}/dev'; "
                  f"mount --rbind /sys '{self.path}/sys'; {mounts}"
                  f"status=0; chroot --userspec={user} '{self.path}' bash /tmp/step.sh || status=$?; "
                  f"exit $status")
        print(f"[{self.release}] {title}", flush=True)
        start, worked = time.monotonic(), cpu_seconds()
        log = KEPT / f"step-{self.release}.log"
        with open(log, "w", encoding="utf-8") as out:
            command = [*ISOLATED, "bash", "-euc", inside]
            status = subprocess.run(command, env=self.environment(user, home), stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=subprocess.STDOUT, timeout=7200).returncode
        said = log.read_text(encoding="utf-8", errors="replace")
        if expect is None and status != 0:
            print("\n".join(said.splitlines()[-20:]))
            return None
        if status != (expect or 0):
            print("\n".join(said.splitlines()[-60:]))
            sys.exit(f"FAILED on {self.release}: {title} (ended with {status}, not {expect})\n{script}")
        print(f"   {time.monotonic() - start:.0f} s, {cpu_seconds() - worked:.0f} s of CPU", flush=True)
        return said

    def page(self, name: str) -> pathlib.Path:
        return self.path / CHECKOUT.lstrip("/") / name


# Ends with us, and takes along all that was started in it.
ISOLATED = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compiled(release: str) -> pathlib.Path:
    """Where compilers' results are kept."""
    given = os.environ.get("CCACHE_DIR")
    ours = platform.freedesktop_os_release().get("VERSION_CODENAME") == release
    return pathlib.Path(given).absolute() if given and ours else KEPT / f"ccache-{release}"


def remove(path: pathlib.Path) -> None:
    # Never through a mount, should somebody have made one.
    if path.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", path], check=True)


def of_release(code: str, release: str) -> str:
    """Without the lines that are another release's. Somebody at a keyboard says yes to apt."""
    lines = [
        line
        for line in code.splitlines()
        if not re.search(r"# (Debian|Ubuntu) \d", line) or f"Debian {NUMBERS[release]}" in line
    ]
    return (
        "\n".join(
            re.sub(
                r"^apt install ", "apt-get update -qq && apt-get install -y --no-install-recommends ", line
            )
            for line in lines
        )
        + "\n"
    )


def script_of(page: pathlib.Path, release: str) -> str:
    """A page as one script: sh blocks as they stand, whole files saved under the names that the page gives
    them."""
    parts = []
    for number, (language, code) in enumerate(blocks(page)):
        name = (
            "main.cpp"
            if language == "cpp" and "int main(" in code
            else "CMakeLists.txt" if language == "cmake" and "project(" in code else None
        )
        if language == "sh":
            parts.append(of_release(code, release))
        elif name:
            parts.append(f"cat >{name} <<'END_{number}'\n{code}END_{number}\n")
    return "".join(parts)


def must(said: str, wanted: str) -> None:
    if wanted not in said:
        sys.exit(f"FAILED: {wanted!r} was not said:\n{said[-3000:]}")


def must_not_warn(said: str) -> None:
    if re.search(r"CMake (Deprecation )?Warning", said):
        sys.exit(f"FAILED: CMake warns a consumer\n{said}")


def demo(release: str) -> None:
    """README's first command; also by somebody who may install nothing."""
    root = Root(release)
    assert "./dev demo " in fenced(root.page("README.md"), "sh")[0]
    root.run("a user", "useradd buyer; chown -R buyer: /home/buyer")
    refused = root.run("./dev demo by a user who may install nothing", "./dev demo", "buyer", "/home/buyer",
                       expect=1)
    must(refused, "apt install g++ cmake")
    root.run("as root", "chown -R root: .")
    must(root.run("./dev demo", "./dev demo"), "tickets verify with the public key")
    root.run("it left the checkout clean, and installed no server, no test and no libpq",
             "test -z \"$(git status --porcelain)\"; "
             "! dpkg -l | grep -E '^ii +(postgresql|nginx|haproxy|chromium|libpq-dev|doctest-dev)'")
    root.run("the user's again", "rm -r build; chown -R buyer: .")
    must(root.run("./dev demo by the user, now that all is there", "./dev demo", "buyer", "/home/buyer"),
         "tickets verify with the public key")


def serve(release: str) -> None:
    """README's second command, and docs/server.md's sale by hand."""
    root = Root(release)
    installs, sale = fenced(root.page("docs/server.md"), "sh")[1:3]
    root.run("what the page needs besides", of_release(installs, release))
    root.run(
        "./dev serve, docs/server.md's sale by hand, SIGTERM",
        f"""
./dev serve >/tmp/serve.log 2>&1 & server=$!
until grep -q '^admin key ' /tmp/serve.log; do
  kill -0 $server || {{ cat /tmp/serve.log; exit 1; }}
  sleep 1
done
SHOP=$(sed -n 's/^listening on //p' /tmp/serve.log) ADMIN=$(sed -n 's/^admin key //p' /tmp/serve.log)
curl --silent --fail "$SHOP/" | grep -qi '<html'
{sale}
kill -TERM $server
wait $server""",
    )


def python(release: str) -> None:
    """docs/python.md: pip install in an empty environment, then every snippet."""
    root = Root(release)
    page = root.page("docs/python.md")
    row = re.search(rf"^\| Debian {NUMBERS[release]} \| `(.*)` \|$", page.read_text(encoding="utf-8"), re.M)
    if not row:
        sys.exit(f"FAILED: docs/python.md does not say what {release} must install")
    enter = "python3 -m venv /tmp/empty && . /tmp/empty/bin/activate"
    root.run(
        "docs/python.md: what it needs, and pip install",
        of_release(f"apt install {row[1]}\n{enter}\n", release) + fenced(page, "sh")[0],
    )
    (root.path / "tmp/snippets.py").write_text("\n".join(fenced(page, "python")), encoding="utf-8")
    root.run("its snippets", f"""
{enter}
pip install pandas
cp examples/venues/opera_house.json /tmp
cd /tmp
python snippets.py""")


def tutorial(release: str) -> None:
    root = Root(release)
    said = root.run("docs/tutorial.md", script_of(root.page("docs/tutorial.md"), release))
    must(said, "is in")
    must_not_warn(said)


def embedding(release: str) -> None:
    """docs/embedding.md, then README's program, with what the page installs and no more. add_subdirectory is
    what FetchContent does, and the test "install" has it."""
    root = Root(release)
    root.run(
        "docs/embedding.md",
        "\n".join(of_release(code, release) for code in fenced(root.page("docs/embedding.md"), "sh")),
    )
    for way in ("find_package", "FetchContent"):
        must_not_warn(root.run(f"README's program by {way}", f"""
cmake -S tests/install/consumer -B /tmp/{way} -DWAY={way} -DTICKETCORE_SOURCE="$PWD" \\
  -DCMAKE_PREFIX_PATH=/opt/ticketcore -DCMAKE_BUILD_TYPE=Release
cmake --build /tmp/{way} -j 2
cd /tmp/{way}
for run in first second; do ./consumer '{CHECKOUT}/examples/venues/opera_house.json'; done
./consumer && exit 1 || test $? -eq 2"""))


def test(release: str) -> None:
    """README's third command."""
    Root(release).run("./dev test", "./dev test")


def wheel(release: str) -> None:
    """A wheel that was built here, for the release's own Python, where none of the libraries in it is."""
    version = PYTHONS[release]
    subprocess.run([SOURCE / "dev", "python", "--wheel", version], check=True)
    [made] = (SOURCE / "build/python/wheel").glob("*manylinux*.whl")
    root = Root(release)
    shutil.copy(made, root.path / "tmp")
    root.run(f"./dev python --try-wheel {made.name}", f"./dev python --try-wheel /tmp/{made.name}")


CHAPTERS = [demo, serve, python, tutorial, embedding]


def main() -> None:
    wished = sys.argv[1:]
    releases = [wish for wish in wished if wish in NUMBERS] or ["bookworm"]
    by_name = {chapter.__name__: chapter for chapter in [*CHAPTERS, test, wheel]}
    usual = CHAPTERS + ([test, wheel] if "--all" in wished else [])
    chapters = [by_name[wish] for wish in wished if wish in by_name] or usual
    if unknown := [wish for wish in wished if wish not in {*NUMBERS, *by_name, "--all"}]:
        sys.exit(f"bare: there is no {unknown[0]}; chapters: {', '.join(by_name)}")
    if os.geteuid() != 0:
        sys.exit("bare: only root can make a root")
    if subprocess.run([*ISOLATED, "mount", "-t", "proc", "proc", "/proc"], capture_output=True).returncode:
        give_up("a new root needs mounts, and here root may not mount, as in a container without "
                "CAP_SYS_ADMIN (Docker: --privileged, or --cap-add SYS_ADMIN and no AppArmor)")
    if subprocess.run(["git", "-C", SOURCE, "rev-parse", "HEAD"], capture_output=True).returncode:
        give_up("this is no git checkout that could be cloned")
    KEPT.mkdir(parents=True, exist_ok=True)
    for release in releases:
        # A root to which no package comes says nothing of what is cloned into it.
        if (
            Root(release).run(
                "a package comes", "apt-get update -qq && apt-get install -y -q hello", expect=None
            )
            is None
        ):
            give_up(f"no package could be installed in a new root of {release}")
        start = time.monotonic()
        for chapter in chapters:
            chapter(release)
        remove(KEPT / f"root-{release}")
        print(
            f"{release}: {', '.join(chapter.__name__ for chapter in chapters)} in"
            f" {time.monotonic() - start:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
