"""Each `name.dana` in golden/ stands beside what is drawn of it: name.mmd, name.dot, name.txt (in words).

UPDATE_GOLDEN=1 in the environment writes these files anew; then read the difference before committing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from danac.graph.dot import to_dot
from danac.graph.mermaid import to_mermaid
from danac.graph.model import in_words

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = sorted(GOLDEN.glob("*.dana"))


def words(flows, name):
    return "\n".join(map(in_words, flows)) + "\n"


FORMS = {".mmd": to_mermaid, ".dot": to_dot, ".txt": words}


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_drawn(flows_of, program, suffix):
    drawn = FORMS[suffix](flows_of(program.read_text("utf-8")), program.name)
    expected = program.with_suffix(suffix)
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(drawn, "utf-8")
    assert drawn == expected.read_text("utf-8")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_graphviz_reads_it(program):
    drawing = program.with_suffix(".dot").read_bytes()
    done = subprocess.run(["dot", "-Tplain"], input=drawing, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
