"""What timelines show: of stages, blocks and branches, attempts, processes, coroutines, maps, failures."""

from __future__ import annotations

import asyncio
import os
import textwrap
import threading
import time

import pytest

import dana_runtime
import danac
from dana_runtime import Block, Pipeline, fan_out, policy, tracing, using
from dana_runtime.trace import chrome
from dana_runtime.trace.recorder import MOST_UNEXPLAINED, UNSEEN
from dana_runtime.trace.tracer import Tracer

TOGETHER = """
from threading.py import Barrier
together = Barrier(2, timeout=60)
def tax(order):
    together.wait()
    order * 0.2
def charge(order):
    together.wait()
    "charged"
"""


# --- Stages ---------------------------------------------------------------------------------------


def test_stages_lie_in_their_pipeline_one_after_the_other(timeline):
    seen = timeline(
        "def fetch(id): id * 10\n"
        "def tax(price, rate): price * rate\n"
        "def bill(id) = fetch | tax(2) | $$ + 1\n"
        "bill(7) | str\n"
    )
    bill = seen.one("bill", "pipeline")
    assert seen.inside(bill) == ["fetch", "tax(2)", "$$ + 1"]
    assert bill.args == {"at": "orders.dana:3:16"}
    assert seen.one("tax(2)").args == {"at": "orders.dana:3:24", "pipeline": "bill"}
    assert seen.one("str").args == {"at": "orders.dana:4:11", "pipeline": "bill(7) | str"}
    assert {seen.track(found) for found in seen.slices} == {"MainThread"}


def test_pipelines_that_are_a_stage_or_branch_are_one_slice(timeline):
    seen = timeline(
        "def bill(id) = str | len\np = str | len\n7 | bill | p\n7 | { bill, p }\n[*p.map([1])]\n"
    )
    assert [found.kind for found in seen.all("bill")] == ["stage", "branch"]
    assert [found.kind for found in seen.all("p")] == ["stage", "branch"]
    assert seen.inside(seen.all("bill")[0]) == ["str", "len"]
    assert seen.inside(seen.all("p")[0], "stage") == ["str", "len"]
    assert [found.kind for found in seen.all("str | len")] == ["pipeline", "pipeline", "input"]


def test_value_of_a_stage_is_no_part_of_it(timeline):
    seen = timeline("def f(x): x\ndef g(x): x\n1 | f | g(2 | f) | g\n".replace("g(x)", "g(x, y=0)"))
    first, second = seen.one("g(2 | f)"), seen.one("g")
    assert first.ended <= second.begun
    assert seen.inside(first) == ["f"]
    assert seen.all("f")[0].ended <= first.begun


def test_composed_pipelines_are_seen_whoever_has_compiled_them(timeline):
    program = danac.run_source("def f(x): x + 1\np = f | f | str\n")
    seen = timeline(lambda: program["p"](1))
    assert seen.one("f | f | str", "pipeline").args["at"].startswith("<dana ")
    assert "__call__" not in Pipeline.__dict__, "calls are plain again"
    assert seen.slices == [seen.one("f | f | str")]


def test_pipelines_joined_in_python(timeline):
    double = Pipeline(("double",), lambda x: 2 * x)
    seen = timeline(lambda: (double | Pipeline(("triple",), lambda x: 3 * x))(1))
    assert seen.inside(seen.one("double | triple")) == ["double", "triple"]


def test_stage_with_a_policy_is_one_slice(timeline):
    seen = timeline("def f(x): x\n1 | f with (retries=1) | f\n")
    assert len(seen.all("f", "stage")) == 2
    assert seen.all("f", "stage")[0].args["at"] == "orders.dana:2:5"
    assert seen.inside(seen.all("f", "stage")[0]) == ["f"]


def test_stages_of_untraced_code_with_a_policy_are_seen(timeline):
    program = danac.run_source("def f(x): x\ndef p(x) = f with (retries=1)\n")
    seen = timeline(lambda: program["p"](1))
    # Of its first stage the runtime knows no more than that.
    assert seen.inside(seen.one("stage 1 of p", "stage"), "attempt") == ["stage 1 of p"]


def test_generators_that_take_turns_have_lanes(timeline):
    seen = timeline(
        """
def f(a, b): a
def g(x):
    y = x | f((yield x))
first, second = g(1), g(2)
next(first)
next(second)
for generator in (first, second):
    try: next(generator)
    except StopIteration: pass
"""
    )
    first, second = seen.all("f((yield x))")
    assert first.place != second.place
    assert second.begun < first.ended


# --- Blocks ---------------------------------------------------------------------------------------


def test_block_encloses_its_branches_on_the_caller_s_track(timeline):
    seen = timeline(TOGETHER + "def report(id) = { tax, charge } | len\n3 | report\n")
    block = seen.one("{ tax, charge }", "block")
    tax, charge = seen.one("tax", "branch"), seen.one("charge", "branch")
    assert seen.track(block) == "MainThread"
    assert {seen.track(tax), seen.track(charge)} == {"worker 1", "worker 2"}
    assert block.args == {"branches": 2, "at": "orders.dana:10:20", "pipeline": "report"}
    assert charge.args["at"] == "orders.dana:10:25"
    assert charge.args["pipeline"] == "report"
    for branch in (tax, charge):
        assert block.encloses(branch)
        waited = branch.begun - block.begun
        assert branch.args["waited_ms"] * 1000 == pytest.approx(waited, abs=0.01)
    # They have waited for each other.
    assert max(tax.begun, charge.begun) < min(tax.ended, charge.ended)
    assert {(target["pid"], target["tid"]) for _, target in seen.arrows} == {
        tax.place,
        charge.place,
    }
    begins = [source["ts"] for source, _ in seen.arrows]
    assert begins == pytest.approx([block.begun + 0.001] * 2)
    assert seen.inside(seen.one("report")) == ["{ tax, charge }", "len"]


def test_branch_of_several_stages(timeline):
    seen = timeline("def f(x): x\n1 | { f | str, [f, str] | len }\n")
    assert seen.inside(seen.one("f | str", "branch")) == ["f", "str"]
    branch = seen.one("[f, str] | len", "branch")
    assert seen.inside(branch) == ["[ f, str ]", "f", "str", "len"]
    assert seen.inside(branch, "branch") == ["f", "str"]


def test_blocks_in_blocks(timeline):
    seen = timeline("def f(x): x\n1 | { f | { f, str }, str }\n")
    outer, inner = seen.one("{ f | { f, str }, str }"), seen.one("{ f, str }")
    branch = seen.one("f | { f, str }", "branch")
    assert branch.holds(inner)
    assert outer.encloses(branch)
    # Each block points to its own branches.
    sources = sorted((source["ts"], source["pid"], source["tid"]) for source, _ in seen.arrows)
    expected = [(block.begun + 0.001, *block.place) for block in (outer, outer, inner, inner)]
    assert sources == [pytest.approx(place) for place in expected]


@pytest.mark.parametrize("executor", ["inline", "thread"])
def test_block_in_python(timeline, executor):
    with using(executor=executor):
        seen = timeline(lambda: fan_out((str, int), 5))
    assert seen.one("{ str, int }").encloses(seen.one("int"))
    is_inline = executor == "inline"
    assert (seen.one("int").place == seen.one("{ str, int }").place) == is_inline
    assert len(seen.arrows) == (0 if is_inline else 2)


def test_tiny_blocks_are_shown_where_they_run(timeline):
    block = Block("p", "orders.dana", ("str", 1, 2), ("int", 1, 7))

    def run():
        for _ in range(40):
            fan_out((str, int), 5, block)

    seen = timeline(run)
    assert len(seen.all("{ str, int }", "block")) == 40
    assert len(seen.all("int", "branch")) == len(seen.all("str", "branch")) == 40


def test_program_is_not_asked_for_names(timeline):
    class Silent:
        def __getattr__(self, name):
            raise AssertionError(name)

        def __repr__(self):
            raise AssertionError

        def __call__(self, value):
            return value

    block = Block("p", "orders.dana", ("silent", 1, 2), ("str", 1, 10))
    plain, timed = policy(retries=0), policy(timeout=60)

    def run():
        fan_out((Silent(), str), 1, block)
        fan_out((Silent(), str), 1, block, timed)
        dana_runtime.run_in_order((Silent(), str), 1, block)
        dana_runtime.run_stage(1, Silent(), "stage 1 of p", plain)

    seen = timeline(run)
    assert len(seen.all("silent", "branch")) == 3
    assert seen.one("stage 1 of p", "stage")


def test_names_for_no_block(timeline):
    p = Pipeline(("str", "len"), lambda x: len(str(x)))
    seen = timeline(lambda: fan_out({"a": p, "b": print}, 5))
    assert seen.one("{ str | len, print }", "block").args == {"branches": 2}
    assert seen.one("str | len", "branch")


# --- Attempts -------------------------------------------------------------------------------------

FLAKY = """
from itertools.py import count
calls = count(1)
def charge(order):
    if next(calls) < 3: raise ConnectionError("the line is down")
    "charged"
"""


@pytest.mark.parametrize("policy", ["retries=5, backoff=0.001", "retries=5, backoff=0, timeout=60"])
def test_attempts_of_a_stage(timeline, policy):
    seen = timeline(f"{FLAKY}1 | charge with ({policy})\n")
    attempts = seen.all(kind="attempt")
    assert [found.name for found in attempts] == [
        "charge",
        "charge (attempt 2)",
        "charge (attempt 3)",
    ]
    failed = "ConnectionError: the line is down"
    assert [found.args.get("error") for found in attempts] == [failed, failed, None]
    assert [found.args["attempt"] for found in attempts] == [1, 2, 3]
    stage = seen.one("charge", "stage")
    assert all(stage.encloses(found) for found in attempts)
    assert ("timeout" in policy) == (stage.place != attempts[0].place)
    assert "error" not in stage.args


def test_attempts_of_a_branch(timeline):
    seen = timeline(f"{FLAKY}1 | {{ str, charge with (retries=5, backoff=0.001) }}\n")
    attempts = [found for found in seen.all(kind="branch") if found.name.startswith("charge")]
    assert [found.args["attempt"] for found in attempts] == [1, 2, 3]
    assert [found.args.get("error") is None for found in attempts] == [False, False, True]
    block = seen.one("{ str, charge }", "block")
    waited = [found.args["waited_ms"] * 1000 for found in attempts]
    assert waited[0] == pytest.approx(attempts[0].begun - block.begun, abs=0.01)
    assert 0 <= waited[1] < attempts[1].begun - attempts[0].ended
    assert "attempt" not in seen.one("str", "branch").args


def test_attempts_of_a_function_with_poet(timeline):
    seen = timeline(
        FLAKY.replace("def charge", "@poet(retries=5, backoff=0.001)\ndef charge") + "charge(1)"
    )
    assert len(seen.all(kind="attempt")) == 3
    assert seen.one("charge", "stage").args["stage"] == "charge"


def test_attempts_of_a_coroutine_function_with_poet(timeline):
    text = FLAKY.replace("def charge", "@poet(retries=5, backoff=0.001)\nasync def charge")
    seen = timeline(text + "1 | charge\n")
    attempts = seen.all(kind="attempt")
    assert [found.args["attempt"] for found in attempts] == [1, 2, 3]
    assert len({found.place for found in attempts}) == 1
    assert seen.one("stage 2 of 1 | charge", "coroutine").holds(attempts[0])


@pytest.mark.parametrize(
    "policy", ["timeout=0.02", "timeout=0.02, retries=1, idempotent=true, backoff=0"]
)
def test_timeouts(timeline, policy):
    seen = timeline(
        "from dana_runtime.py import cancelled\n"
        "from time.py import sleep\n"
        "def slow(x):\n"
        "    for i in range(6000):\n"
        "        if cancelled(): return\n"
        "        sleep(0.01)\n"
        f"1 | {{ slow, str }} with ({policy})\n",
        dana_runtime.BranchTimeout,
    )
    assert seen.one("{ slow, str }").args["error"].startswith("BranchTimeout: branch 1 of 2, slow")
    first = seen.all("slow")[0]
    # Its thread may still have been at work when the timeline ended.
    assert first.args.keys() & {"cancelled", "unfinished", "error"}
    if "retries" in policy:
        assert "attempt 2" in seen.all("slow (attempt 2)")[0].name


# --- Processes ------------------------------------------------------------------------------------


def test_processes_have_tracks_of_their_own(timeline):
    branches = (os.path.basename, os.path.isabs)
    results = []
    seen = timeline(
        lambda: results.append(fan_out(branches, "a/b", None, policy(executor="process")))
    )
    assert results == [["b", False]]
    block = seen.one("{ basename, isabs }")
    for name in ("basename", "isabs"):
        branch = seen.one(name, "branch")
        pid, _ = branch.place
        assert pid != os.getpid()
        assert seen.processes[pid] == f"worker process {pid}"
        assert block.encloses(branch), "one clock for all processes"
        assert branch.args["waited_ms"] > 0
    assert len(seen.arrows) == 2


def test_process_that_dies(timeline):
    with using(executor="process"):
        seen = timeline(lambda: fan_out((os._exit, str), 3), dana_runtime.WorkerDied)
    died = seen.one("_exit")
    assert died.args["error"].startswith("WorkerDied: ")
    assert died.place[0] != os.getpid()


def test_clocks_of_other_machines():
    tracer = Tracer([])
    now = time.perf_counter_ns()
    assert tracer.local_times(7, now - 20, now - 10, now - 30) == (now - 20, now - 10)
    # What another machine has told of has ended just now; all else there is as long before that.
    begun, ended = tracer.local_times(8, 100, 400, now - 30)
    assert ended - begun == 300
    assert now <= ended <= time.perf_counter_ns()
    assert tracer.local_times(8, 50, 90, now - 30) == (begun - 50, begun - 10)


def test_executor_of_the_program_s_own(timeline):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "theirs") as executor, using(executor=executor):
        seen = timeline(lambda: fan_out((str, int), 5))
    assert {seen.track(seen.one(name)) for name in ("str", "int")} == {"theirs_0"}


# --- Coroutines -----------------------------------------------------------------------------------

ASYNC = """
from asyncio.py import Event, Barrier
together = []
async def meet(x):
    if not together: together.append(Barrier(2))
    await together[0].wait()
    x
async def confirm(x): await meet(x)
async def notify(x): await meet(x)
"""


def test_coroutines_that_overlap_have_lanes(timeline):
    seen = timeline(ASYNC + "1 | { confirm, notify }\n")
    confirm, notify = seen.one("confirm", "branch"), seen.one("notify", "branch")
    assert confirm.place != notify.place
    assert max(confirm.begun, notify.begun) < min(confirm.ended, notify.ended)
    assert confirm.args["at"] == "orders.dana:10:7"
    assert seen.one("{ confirm, notify }").encloses(confirm)
    loops = {seen.names[e["pid"], e["tid"]] for e in seen.events if e["ph"] == "b"}
    assert loops == {"dana:loop:0"}


def test_tasks_whose_stages_overlap_have_lanes(timeline):
    text = ASYNC + (
        "from asyncio.py import gather, run\n"
        "async def order(x): await (x | meet | str | meet)\n"
        "async def main(): await gather(order(1), order(2))\n"
        "run(main())\n"
    )
    seen = timeline(text)
    stages = seen.all(kind="stage")
    assert [found.name for found in stages].count("meet") == 4
    lanes = {found.place for found in stages}
    assert len(lanes) == 2
    for lane in lanes:
        in_order = [found.name for found in stages if found.place == lane]
        assert in_order == ["meet", "str", "meet"]


def test_coroutine_stage_of_plain_code(timeline):
    seen = timeline("async def send(x): x\n1 | send | str\n")
    assert seen.one("send", "stage").encloses(seen.one("stage 2 of 1 | send | str", "coroutine"))


def test_awaited_calls(timeline):
    def run():
        pipeline = danac.run_source(TOGETHER + "def p(x) = { tax, charge } | len\n")["p"]

        async def main():
            return await pipeline.aio(3)

        assert asyncio.run(main()) == 2

    seen = timeline(run)
    call = seen.one("await p", "call")
    assert call.encloses(seen.one("{ tax, charge }"))
    assert seen.track(seen.one("{ tax, charge }")).startswith("worker")


# --- Many inputs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ["thread", "inline", "process"])
def test_inputs_of_a_map(timeline, executor):
    pipeline = Pipeline(("basename", "upper"), os.path.basename)
    with using(executor=executor, max_workers=2):
        seen = timeline(lambda: list(pipeline.map(f"a/{n}" for n in range(20))))
    items = seen.all(kind="input")
    assert sorted(found.args["input"] for found in items) == list(range(1, 21))
    assert {found.name for found in items} == {"basename | upper"}
    whole = seen.one("map basename | upper", "map")
    assert all(whole.encloses(found) for found in items)
    assert all((found.place[0] != os.getpid()) == (executor == "process") for found in items)
    assert not seen.arrows


def test_map_of_coroutines_and_amap(timeline):
    async def send(x):
        return x

    async def main():
        pipeline = dana_runtime.declared("send")(send)
        assert [x async for x in pipeline.amap([1, 2, 3])] == [1, 2, 3]
        assert await asyncio.to_thread(lambda: list(pipeline.map([4]))) == [4]

    seen = timeline(lambda: asyncio.run(main()))
    assert [found.args["input"] for found in seen.all("send", "input")] == [1, 2, 3, 1]
    assert len(seen.all("map send", "map")) == 2


def test_iterating_does_not_put_the_program_into_the_map(timeline):
    pipeline = Pipeline(("str",), str)

    def run():
        for _ in pipeline.map([1, 2]):
            fan_out((int, float), 3)

    assert len(timeline(run).all(kind="block")) == 2


# --- Failures -------------------------------------------------------------------------------------


def test_failed_stages_have_their_error(timeline):
    seen = timeline(
        "def fail(x): raise ValueError(f'not {x}')\n"
        "def p(x) = str | fail | len\n"
        "def q(x) = p | str\n"
        "q(1)\n",
        ValueError,
    )
    for name, kind in (("fail", "stage"), ("p", "stage"), ("q", "pipeline")):
        assert seen.one(name, kind).args["error"] == "ValueError: not 1", name
    assert "error" not in seen.one("str").args
    assert not seen.all("len")
    assert all("unfinished" not in found.args for found in seen.slices)


def test_each_failure_has_its_own_error(timeline):
    seen = timeline(
        "def fail(x): raise ValueError(f'not {x}')\n"
        "def caught(x):\n"
        "    try: x | fail\n"
        "    except ValueError: return 'caught'\n"
        "def wrapped(x):\n"
        "    try: x | fail\n"
        "    except ValueError as e: raise TypeError('really') from e\n"
        "1 | caught | len\n"
        "2 | { str, wrapped } with (on_error='partial')\n"
    )
    errors = [found.args["error"] for found in seen.all("fail")]
    assert errors == [UNSEEN, UNSEEN]
    assert seen.one("wrapped").args["error"] == "TypeError: really"
    assert "error" not in seen.one("caught").args


def test_failures_at_one_place(timeline):
    seen = timeline(
        "def fail(x): raise ValueError(f'not {x}')\n"
        "def p(x) = str | fail\n"
        "def again(x): x | p\n"
        "try: p(1)\n"
        "except: pass\n"
        "2 | { str, p } with (executor='inline', on_error='partial')\n"
        "3 | again\n",
        ValueError,
    )
    errors = [found.args["error"] for found in seen.all("fail")]
    assert errors == [UNSEEN, "ValueError: not 2", "ValueError: not 3"]


def test_what_nobody_explains_is_bounded(timeline):
    count = MOST_UNEXPLAINED + 20
    seen = timeline(
        "def fail(x): raise ValueError\n"
        f"for i in range({count}):\n"
        "    try: i | fail\n"
        "    except: pass\n"
    )
    assert {found.args["error"] for found in seen.all("fail")} == {UNSEEN}
    assert len(seen.all("fail")) == count


def test_value_that_fails_begins_no_stage(timeline):
    seen = timeline("def fail(): raise ValueError\nfail() | str | len\n", ValueError)
    assert seen.slices == []
    from dana_runtime.trace import slices

    assert slices._opened == {}


def test_leaving_by_any_way_closes_what_is_open(timeline):
    def run():
        session = dana_runtime.execution.traced.tracer
        session.begin("left open", "stage", {})
        raise KeyboardInterrupt

    seen = timeline(run, KeyboardInterrupt)
    assert seen.one("left open").args == {"unfinished": True}


# --- Threads, memory, forks -----------------------------------------------------------------------


def test_many_threads_and_many_pieces(timeline, monkeypatch):
    monkeypatch.setattr(chrome, "BUFFERED", 16)
    pipeline = Pipeline(("str",), str)

    def work():
        for n in range(200):
            pipeline(n)

    def run():
        threads = [threading.Thread(target=work, name=f"t{n}") for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    seen = timeline(run)
    assert len(seen.slices) == 1600
    assert {seen.track(found) for found in seen.slices} == {f"t{n}" for n in range(8)}


def test_interrupted_piece_is_written_by_the_next(tmp_path, monkeypatch, read):
    monkeypatch.setattr(chrome, "BUFFERED", 4)
    pipeline = Pipeline(("str",), str)
    with tracing(tmp_path / "out.json"):
        (exporter,) = dana_runtime.execution.traced.tracer._exporters
        write = exporter._write

        def interrupted(text):
            exporter._write = write
            raise KeyboardInterrupt

        exporter._write = interrupted
        for n in range(3):
            pipeline(n)
        with pytest.raises(KeyboardInterrupt):
            pipeline(3)
        pipeline(4)
    assert len(read(tmp_path / "out.json").all("str")) == 5


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(chrome, "BUFFERED", 50)
    pipeline = Pipeline(("str",), str)
    with tracing(tmp_path / "out.json"):
        (exporter,) = dana_runtime.execution.traced.tracer._exporters
        for n in range(500):
            pipeline(n)
            assert len(exporter._waiting) < 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_forked_process_leaves_the_file_alone(run_python, tmp_path, read):
    program = textwrap.dedent(
        """
        import os, sys
        from dana_runtime import Pipeline, tracing
        from dana_runtime.trace import chrome
        chrome.BUFFERED = 1
        p = Pipeline(("str",), str)
        fork = Pipeline(("fork",), lambda value: os.fork())
        with tracing("out.json"):
            p(1)
            # It ends in both processes.
            child = fork(0)
            p(2)
            if child == 0:
                assert "__call__" not in Pipeline.__dict__
            else:
                os.waitpid(child, 0)
                p(3)
        """
    )
    result = run_python("-W", "ignore", "-c", program, cwd=tmp_path)
    assert result.stderr == ""
    seen = read(tmp_path / "out.json")
    assert [found.name for found in seen.slices] == ["str", "fork", "str", "str"]
    assert os.listdir(tmp_path) == ["out.json"]


# --- What `tracing` refuses, and what it writes ---------------------------------------------------


def test_tracing_needs_somewhere_to_write():
    with pytest.raises(TypeError, match="needs a path, or opentelemetry=True"):
        tracing()


def test_only_one_at_a_time(tmp_path):
    with tracing(tmp_path / "a.json"):
        with pytest.raises(RuntimeError, match="traced already"), tracing(tmp_path / "b.json"):
            pass
        fan_out((str, int), 1)
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("path", ["missing/out.json", "."])
def test_path_that_cannot_be_written(tmp_path, path):
    with pytest.raises(OSError), tracing(tmp_path / path):  # noqa: PT011
        pass
    assert dana_runtime.execution.traced.tracer is None
    assert os.listdir(tmp_path) == []


def test_file_is_replaced_as_a_whole(tmp_path, read):
    path, link = tmp_path / "out.json", tmp_path / "link.json"
    path.write_text("old")
    link.symlink_to(path)
    with tracing(link):
        assert path.read_text() == "old"
        fan_out((str, int), 1)
    assert link.is_symlink()
    assert read(path).one("str")


def test_device_is_written_and_not_replaced(tmp_path):
    with tracing("/dev/null"):
        fan_out((str, int), 1)
    assert not os.path.isfile("/dev/null")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_disk_that_is_full_is_told_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(chrome, "BUFFERED", 2)
    session = tracing(tmp_path / "out.json")
    session.__enter__()
    (exporter,) = dana_runtime.execution.traced.tracer._exporters
    os.close(exporter._descriptor)
    exporter._descriptor = os.open("/dev/full", os.O_WRONLY)
    pipeline = Pipeline(("str",), str)
    assert [pipeline(n) for n in range(10)] == [str(n) for n in range(10)]
    with pytest.raises(OSError, match="No space left"):
        session.__exit__(None, None, None)
    assert os.listdir(tmp_path) == []


def test_input_that_ends_its_process(timeline):
    pipeline = Pipeline(("exit",), lambda number: os._exit(3) if number == 9 else number)
    with using(executor="process", max_workers=1):
        seen = timeline(lambda: list(pipeline.map(range(40))), dana_runtime.WorkerDied)
    died = [found for found in seen.all("exit") if "error" in found.args]
    assert {found.args["error"].split(":")[0] for found in died} == {"WorkerDied"}
    assert {found.args["input"] for found in seen.all("exit")} >= set(range(1, 9))
