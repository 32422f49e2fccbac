"""Hostile programs meet the fence: what they try fails, nothing of them is left, and none passes by its words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lor2c_worker.evaluation.fence import fence
from lor2c_worker.evaluation.fence.fence import FenceError, Ran, refusal, run

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or refusal() is not None, reason=f"programs can't be fenced here: {refusal()}"
)

ROOT = Path(fence.__file__).parents[3]


def ran(program: str, seconds: float = 20) -> Ran:
    """What becomes of a program; its time is long, as the machine may be busy."""
    return run(textwrap.dedent(program), seconds)


def test_a_program_passes_when_it_ends_without_an_exception() -> None:
    assert ran("def f():\n    return 1\nassert f() == 1") == Ran(True, False, "passed")
    assert ran("assert 1 == 2, 'no\\nnews \\x1b[31m'") == Ran(False, False, "AssertionError: no news \\x1b[31m")
    assert ran("def f(") == Ran(False, False, "SyntaxError: '(' was never closed (<program>, line 1)")
    assert ran("def f(x: Unknown): pass").detail == "NameError: name 'Unknown' is not defined"
    assert ran("x = '\\0\ud800'").passed is False  # text that is no source code at all
    assert ran("x = '\ud800'").passed is False


def test_programs_have_the_standard_library_and_a_folder_of_their_own() -> None:
    assert ran(
        """
        import collections, ctypes, decimal, hashlib, itertools, math, random, re, ssl, statistics, typing, zlib
        import os, threading, warnings
        with open("notes.txt", "w") as file: file.write("ü")
        assert os.listdir(".") == ["notes.txt"] and os.getcwd() == "/tmp"
        done = []
        thread = threading.Thread(target=done.append, args=(1,)); thread.start(); thread.join()
        assert done == [1] and hashlib.md5(b"a").hexdigest()[:4] == "0cc1"
        """
    ) == Ran(True, False, "passed")


#: (what it tries, program, what it gets)
REFUSED = [
    ("fork bomb", "import os\nwhile True: os.fork()", "PermissionError"),
    ("a program", "import subprocess\nsubprocess.Popen(['/usr/bin/env'])", "PermissionError"),
    ("a shell", "import os\nassert os.system('true') == 0", "AssertionError"),
    ("network", "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)", "PermissionError"),
    ("address", "import socket\nsocket.socketpair()", "PermissionError"),
    ("writing outside", "open('/written', 'w')", "OSError"),
    ("writing the library", "import os\nopen(os.__file__, 'a')", "OSError"),
    ("system files", "open('/etc/passwd')", "FileNotFoundError"),
    ("processes", "open('/proc/1/environ')", "FileNotFoundError"),
    ("devices", "open('/dev/null')", "FileNotFoundError"),
    ("memory", "b = bytearray(2 ** 40)", "MemoryError"),
    ("a large file", "file = open('a', 'wb')\nwhile True: file.write(bytes(2 ** 20))", "OSError"),
    ("many files", "for i in range(2000): open(f'{i}', 'w').close()", "OSError"),
    ("descriptors", "import os\nwhile True: os.dup(0)", "OSError"),
    ("more memory", "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))", "ValueError"),
    ("ptrace", "import ctypes as c\nl = c.CDLL(None)\nassert l.ptrace(0, 0, 0, 0) == 0", "AssertionError"),
    ("new users", "import ctypes as c\nl = c.CDLL(None)\nassert l.unshare(0x10000000) == 0", "AssertionError"),
    ("outliving", "import ctypes as c\nl = c.CDLL(None)\nassert l.prctl(1, 0) == 0", "AssertionError"),
    ("other roots", "import os\nos.chroot('/tmp')", "PermissionError"),
    ("becoming root", "import os\nos.setuid(0)", "OSError"),
    ("input", "input()", "OSError"),
    ("exit", "raise SystemExit(0)", "SystemExit"),
]


@pytest.mark.parametrize(("what", "program", "gets"), REFUSED, ids=[what for what, _, _ in REFUSED])
def test_what_reaches_out_is_refused(what: str, program: str, gets: str) -> None:
    outcome = ran(program)
    assert not outcome.passed, what
    assert outcome.detail.partition(":")[0] in (gets, "PermissionError" if gets == "OSError" else gets), outcome


def test_a_program_sees_neither_home_nor_variables_nor_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_TEST", "x")
    with open(__file__) as inherited:  # noqa: PTH123
        os.set_inheritable(inherited.fileno(), True)
        outcome = ran(
            f"""
            import os
            assert not os.environ, os.environ
            for path in ({str(Path.home())!r} + "/.bashrc", {__file__!r}):
                assert not os.path.exists(path), path
            opened = []
            for number in range(64):
                try: opened.append(os.fstat(number).st_mode >> 12)
                except OSError: pass
            assert sorted(opened) == [1, 2, 2, 2], opened  # the channel, and nowhere three times
            """
        )
    assert outcome == Ran(True, False, "passed")


def test_endless_programs_are_timed_out() -> None:
    for program in ("while True: pass", "import time\nwhile True:\n  try: time.sleep(9)\n  except BaseException: pass"):
        assert run(program, 0.3) == Ran(False, True, "timed out after 0.3 s")


def test_signals_reach_nobody_else() -> None:
    program = """
    import os, signal
    for target in (os.getppid(), 0, -1, 1, {pid}):
        try: os.kill(target, signal.SIGKILL)
        except OSError: pass
    """
    outcome = ran(program.format(pid=os.getpid()))
    assert outcome.timed_out is False  # it was judged, so its launcher lives too


@pytest.mark.parametrize(
    "program",
    [
        "print('passed')\nraise SystemExit",
        "import os\nos._exit(0)",
        "import os\nfor i in range(3, 64):\n  try: os.write(i, b'passed\\n')\n  except OSError: pass\nos._exit(0)",
        "import os\nfor i in range(3, 64):\n  try: os.write(i, b'ready\\n' * 9)\n  except OSError: pass\nos._exit(0)",
        "import os\nfor i in range(3, 64):\n  try: os.write(i, b'x' * 99999)\n  except OSError: pass\nos._exit(0)",
        "import os\nold = os.write\nos.write = lambda f, b: old(f, b.replace(b'Value', b'passed'))\nraise ValueError",
        "import builtins\nbuiltins.BaseException = ZeroDivisionError\nraise ValueError('passed')",
        "class E(Exception):\n  def __str__(self): raise self\nraise E",
        "import ctypes\nctypes.string_at(0)",
    ],
)
def test_words_are_no_verdict(program: str) -> None:
    assert not ran(program).passed


def test_nothing_is_left_of_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = children(os.getpid())  # such as the worker that tests share
    outcome = ran(
        """
        import threading, time
        open("left", "w").write("x")
        threading.Thread(target=time.sleep, args=(600,)).start()
        """
    )
    assert outcome.passed
    assert list(tmp_path.iterdir()) == []
    assert children(os.getpid()) == before


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def test_a_program_dies_with_the_worker() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {fence.__name__} import run; run('while True: pass', 60)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as worker:
        family = until(lambda: [c for launcher in children(worker.pid) for c in (launcher, *children(launcher))][1:])
        worker.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))


def until(holds: Callable[[], object], seconds: float = 30) -> object:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


#: Namespaces are forbidden within a user namespace that may have none.
FORBIDDEN = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from lor2c_worker.evaluation.fence.libc import checked, libc
from lor2c_worker.evaluation.fence.fence import FenceError, refusal, run
user = os.getuid()
checked(libc.unshare(0x10000000), "unshare")
Path("/proc/self/setgroups").write_text("deny")
Path("/proc/self/uid_map").write_text(f"0 {{user}} 1")
Path("/proc/sys/user/max_user_namespaces").write_text("0")
print(refusal())
try:
    run("pass")
except FenceError as error:
    print(error)
"""


def test_without_namespaces_nothing_runs_and_the_reason_is_said() -> None:
    result = subprocess.run([sys.executable, "-c", FORBIDDEN], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == 2, result
    for line in lines:
        assert line.startswith("programs can't be fenced here: namespaces (unshare): No space left on device (")
        assert "max_user_namespaces" in line


def test_a_fence_that_breaks_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "_LAUNCH", "raise SystemExit('broken')")
    with pytest.raises(FenceError, match="could not be set up: broken"):
        run("pass")
    monkeypatch.setattr(fence, "_LAUNCH", "import time; time.sleep(60)")
    monkeypatch.setattr(fence, "_AROUND", 0.1)
    with pytest.raises(FenceError, match="was not ended within"):
        run("pass", 0.1)


def test_other_systems_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert refusal.__wrapped__() == (
        "programs are fenced by namespaces and system call filters of Linux, and this is darwin"
    )
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert refusal.__wrapped__() == "the filter of system calls is known for x86_64, aarch64, and this is riscv64"


def test_a_fence_with_a_hole_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "_PROBE", "raise AssertionError('fork is allowed inside of the fence')")
    assert refusal.__wrapped__() == (
        "the fence does not hold here: AssertionError: fork is allowed inside of the fence"
    )


def test_an_interrupt_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = children(os.getpid())
    monkeypatch.setattr("select.select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("while True: pass")
    assert children(os.getpid()) == before
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
