"""The supervisor with real processes."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsportal.processes import Child, birth, spawn
from opsportal.supervisor import Console, Stopped, Supervisor, describe_exit, end_orphans


def python(name: str, code: str, **options) -> Child:
    return Child(name, (sys.executable, "-u", "-c", textwrap.dedent(code)), **options)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(output: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(Console(output, ["web", "postgres"]))
    yield supervisor
    supervisor.stop()


def test_each_line_carries_the_aligned_name_of_its_child(supervisor: Supervisor, output: io.StringIO):
    supervisor.run_once(python("web", "print('up'); print('and away')"))

    assert output.getvalue() == "web      | up\nweb      | and away\n"


def test_lines_that_nobody_needs_are_dropped(supervisor: Supervisor, output: io.StringIO):
    supervisor.run_once(python("web", "print('noise'); print('news')", keep_line=lambda line: line != "noise"))

    assert output.getvalue() == "web      | news\n"


def test_what_no_log_may_hold_is_taken_out_of_a_childs_line(supervisor: Supervisor, output: io.StringIO):
    says = (
        "import os; print('jane@example.com', os.environ['API_TOKEN']); print('DETAIL:  Key (name)=(what one typed)')"
    )
    supervisor.run_once(python("postgres", says, env={**os.environ, "API_TOKEN": "a token of ours"}))

    removed = "[removed: e-mail address] [removed: secret of the environment]"
    assert output.getvalue() == f"postgres | {removed}\npostgres | DETAIL: [removed: values]\n"


def test_colour_is_for_terminals_only(output: io.StringIO):
    Console(output, ["web"], colour=True).line("web", "up")
    Console(output, ["web"]).line("web", "up")

    assert output.getvalue() == "\x1b[36mweb |\x1b[0m up\nweb | up\n"


def test_a_closed_terminal_does_not_stop_the_reading():
    read_end, write_end = os.pipe()
    os.close(read_end)
    supervisor = Supervisor(Console(os.fdopen(write_end, "w")))

    more_than_a_pipe_holds = python("web", "print('nobody hears this\\n' * 10_000)")

    assert supervisor.run_once(more_than_a_pipe_holds) == {"web": 0}


def test_a_crashing_child_starts_again_after_pauses_that_double_up_to_a_limit(
    supervisor: Supervisor, output: io.StringIO
):
    supervisor.first_pause, supervisor.longest_pause = 0.05, 0.2

    supervisor.start(python("web", "raise SystemExit(3)"))
    supervisor.wait_until(lambda: output.getvalue().count("exit 3") == 4, within=10)

    assert [line.partition("web      | ended ")[2] for line in output.getvalue().splitlines()] == [
        "(exit 3), starts again in 0.05 s",
        "(exit 3), starts again in 0.1 s",
        "(exit 3), starts again in 0.2 s",
        "(exit 3), starts again in 0.2 s",
    ]


def test_a_child_that_was_steady_waits_the_first_pause_only(supervisor: Supervisor, output: io.StringIO):
    supervisor.first_pause, supervisor.steady_after = 0.05, 0.0

    supervisor.start(python("web", "raise SystemExit(3)"))
    supervisor.wait_until(lambda: output.getvalue().count("exit 3") == 3, within=10)

    assert output.getvalue().count("starts again in 0.05 s") == 3


def test_a_program_that_went_away_is_tried_again(supervisor: Supervisor, output: io.StringIO, tmp_path: Path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)

    supervisor.start(Child("web", (str(program),)))
    program.unlink()

    assert supervisor.wait_until(lambda: "could not start" in output.getvalue(), within=10)


def test_a_child_deaf_to_the_stop_signal_is_killed_with_all_it_started(supervisor: Supervisor, output: io.StringIO):
    deaf = """
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 60"])
        print("grandchild", child.pid, flush=True)
        time.sleep(60)
    """
    supervisor.start(python("web", deaf, stop_within=0.5))
    supervisor.wait_until(lambda: "grandchild" in output.getvalue(), within=10)
    grandchild = int(output.getvalue().split("grandchild")[1].split()[0])
    begun = time.monotonic()

    supervisor.stop()

    assert 0.5 <= time.monotonic() - begun < 30
    assert birth(grandchild) is None
    assert "did not end in 0.5 s and is killed" in output.getvalue()


def test_children_end_in_the_order_given(supervisor: Supervisor, output: io.StringIO):
    patient = """
        import signal, sys, time
        def leave(*_):
            time.sleep(0.2); print("left"); sys.exit()
        signal.signal(signal.SIGTERM, leave); print("up"); time.sleep(60)
    """
    for name in ("postgres", "web"):
        supervisor.start(python(name, patient))
    supervisor.wait_until(lambda: output.getvalue().count("up") == 2, within=10)

    supervisor.stop([["web"], ["postgres"]])

    assert [line.split()[0] for line in output.getvalue().splitlines() if "left" in line] == ["web", "postgres"]


def test_a_stop_while_starting_ends_the_step_that_runs(supervisor: Supervisor, tmp_path: Path):
    supervisor.stopping = True

    with pytest.raises(Stopped):
        supervisor.run_once(python("migrate", "import time; time.sleep(60)"))


def test_steps_run_side_by_side_and_give_their_exit_codes(supervisor: Supervisor):
    steps = (python("migrate", "raise SystemExit(7)"), python("collectstatic", "pass"))

    assert supervisor.run_once(*steps) == {"migrate": 7, "collectstatic": 0}


def test_an_exit_is_described_in_words():
    assert describe_exit(3) == "exit 3"
    assert describe_exit(-signal.SIGKILL) == "signal SIGKILL"


def test_orphans_of_a_killed_run_are_ended_and_strangers_are_left(output: io.StringIO, tmp_path: Path):
    record = tmp_path / "children.json"
    orphaned = Supervisor(Console(output), record=record)
    orphaned.start(python("web", "import time; time.sleep(60)"))
    orphan = next(iter(orphaned._running.values())).process
    stranger = spawn(python("stranger", "import time; time.sleep(60)"))
    rows = record.read_text()[:-1] + f', {{"name": "old", "pid": {stranger.pid}, "birth": "another", "signal": 15}}]'
    record.write_text(rows)

    ended = end_orphans(record)

    assert ended == ["web"]
    assert orphan.wait(timeout=5) == -signal.SIGTERM
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_children_die_with_a_supervisor_that_was_killed(tmp_path: Path):
    code = f"""
        import sys, time
        sys.path.insert(0, {os.getcwd()!r})
        from opsportal.processes import Child, spawn
        child = spawn(Child("child", (sys.executable, "-c", "import time; time.sleep(60)")))
        print(child.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()

    limit = time.monotonic() + 5
    while birth(child) and time.monotonic() < limit:
        time.sleep(0.02)
    assert birth(child) is None
    parent.stdout.close()
