"""`danac run --trace`: what it writes, whatever becomes of the program, and what it refuses."""

from __future__ import annotations

import os

import pytest

PROGRAM = """
def fetch(id): id * 10
def fail(x): raise ValueError("no such order")
def report(id) = fetch | { str, noop } | len
print(7 | report)
"""


@pytest.fixture
def run(run_danac, tmp_path):
    """Run a program in a folder of its own with the given options."""

    def run_program(*options, text=PROGRAM, **more):
        (tmp_path / "orders.dana").write_text(text, "utf-8")
        return run_danac("run", *options, "orders.dana", cwd=tmp_path, **more)

    return run_program


@pytest.mark.parametrize("options", [["--trace", "out.json"], ["--trace=out.json", "--coerce"]])
def test_timeline_of_a_program(run, tmp_path, read, options):
    result = run(*options)
    assert (result.returncode, result.stdout, result.stderr) == (0, "2\n", "")
    seen = read(tmp_path / "out.json")
    program = seen.slices[0]
    assert (program.name, program.kind) == ("orders.dana", "program")
    assert set(seen.processes.values()) == {"orders.dana"}
    assert seen.inside(program, "stage") == ["report", "fetch", "len"]
    assert {p.name for p in tmp_path.iterdir()} == {"orders.dana", "out.json", "__pycache__"}


def test_timeline_of_standard_input(run_danac, tmp_path, read):
    result = run_danac("run", "--trace", "out.json", "-", cwd=tmp_path, stdin="1 | str | print")
    assert result.stdout == "1\n"
    seen = read(tmp_path / "out.json")
    assert seen.slices[0].name == "standard input"
    assert seen.one("print").args["at"] == "<stdin>:1:11"


def test_imported_modules_are_traced_too(run, tmp_path, read):
    (tmp_path / "bills.dana").write_text("def tax(x): x\ndef bill(x) = tax | str\n")
    assert run("--trace=out.json", text="import bills\n1 | bills.bill | print\n").stdout == "1\n"
    assert read(tmp_path / "out.json").one("tax").args["at"] == "bills.dana:2:15"


def test_processes_share_the_cache_of_traced_modules(run, tmp_path, read):
    (tmp_path / "bills.dana").write_text("def tax(x): x + 1\ndef bill(x) = tax | str\n")
    text = "from bills import bill\n1 | { bill, str } with (executor='process') | print\n"
    assert run("--trace=out.json", text=text).stdout == "['2', '1']\n"
    cache = next((tmp_path / "__pycache__").glob("bills*"))
    assert b"TracedStage" in cache.read_bytes()
    assert run(text=text).stdout == "['2', '1']\n"
    assert b"TracedStage" not in cache.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "7 | report | fail | print\n",
        "7 | { report, report | fail } | print\n",
        "1 | (lambda x :: [y | fail for y in [x]]) | print\n",
        "def f(x) = fetch as y | fail(y)\nfor i in (1, 2): f(i)\n",
    ],
)
def test_tracebacks_are_the_same(run, tmp_path, read, text):
    plain, traced = run(text=PROGRAM + text), run("--trace", "out.json", text=PROGRAM + text)
    assert plain.returncode == traced.returncode == 1
    assert (plain.stdout, plain.stderr) == (traced.stdout, traced.stderr)
    seen = read(tmp_path / "out.json")
    failed = [f for f in seen.slices if "error" in f.args]
    # Who still runs when a sibling fails is told to end; all around it has the cause.
    siblings = seen.all("report", "branch")
    told = [f for f in failed if any(f is s or s.holds(f) for s in siblings)]
    assert {found.args["error"] for found in told} <= {"BranchCancelled"}
    assert {f.args["error"] for f in failed if f not in told} == {"ValueError: no such order"}
    assert any(found.name.startswith("fail") for found in failed)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("import sys\n1 | str\nsys.exit(3)\n", 3),
        ("import sys\n1 | str\n1 | { noop, lambda x :: sys.exit(4) }\n", 4),
        ("1 | str\nraise ValueError\n", 1),
        (
            "import os\nimport signal\n"
            "def interrupt(x):\n    os.kill(os.getpid(), signal.SIGINT)\n    signal.sigwait([])\n"
            "1 | str\n1 | interrupt\n",
            130,
        ),
        (
            "import os\nimport signal\nimport time\n"
            "def interrupt(x):\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
            "1 | str\n1 | { interrupt, noop }\n",
            130,
        ),
    ],
    ids=["exit", "exit in a branch", "error", "interrupt", "interrupt in a branch"],
)
def test_timeline_is_written_however_the_program_ends(run, tmp_path, read, text, status):
    result = run("--trace", "out.json", text=text)
    assert result.returncode == status, result.stderr
    assert read(tmp_path / "out.json").all("str")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trace"], "--trace needs a file to write to; see danac run --help"),
        (["--trace="], "--trace needs a file to write to; see danac run --help"),
        (["--trace", "a/b.json"], "cannot write the trace a/b.json: No such file or directory"),
        (["--trace", "."], "cannot write the trace .: Is a directory"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_program_runs(run, options, message):
    result = run(*options)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"danac: error: {message}\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_disk_that_is_full_is_told_and_changes_nothing(run):
    result = run("--trace", "/dev/full")
    assert (result.returncode, result.stdout) == (0, "2\n")
    assert result.stderr.startswith("danac: error: cannot write the trace /dev/full: ")


def test_nothing_is_loaded_for_it_without_it(run_python, tmp_path):
    (tmp_path / "orders.dana").write_text(PROGRAM)
    program = (
        "import sys\nfrom danac.cli import main\nmain(['run', 'orders.dana'])\n"
        "print([name for name in sys.modules if name.startswith('dana_runtime.trace.')])\n"
    )
    assert run_python("-c", program, cwd=tmp_path, measured=False).stdout == "2\n[]\n"
