from __future__ import annotations

import pickle

import pytest

from dana_runtime.execution.block import Block

BLOCK = Block(
    "report", "/home/ann/orders.dana", ("tax", 12, 26), ("charge", 12, 31), ("a | b", 13, 5)
)


def test_notes_name_branch_place_and_pipeline():
    assert BLOCK.note(1) == "in branch 2 of 3, charge (orders.dana:12:31), of pipeline report"
    assert BLOCK.note(2) == "in branch 3 of 3, a | b (orders.dana:13:5), of pipeline report"


def test_a_block_outside_of_pipelines():
    assert Block("", "x.na", ("f", 1, 2)).note(0) == "in branch 1 of 1, f (x.na:1:2)"


def test_thread_names():
    assert BLOCK.thread_names == ("dana:report:tax", "dana:report:charge", "dana:report:a | b")


def test_its_repr_makes_it_again():
    assert repr(Block("p", "x.na", ("f", 1, 2))) == "Block('p', 'x.na', ('f', 1, 2))"
    assert repr(eval(repr(BLOCK))) == repr(BLOCK)


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        BLOCK.pipeline = "other"
    with pytest.raises(AttributeError):
        BLOCK.other = 1
    with pytest.raises(AttributeError):
        del BLOCK.filename
    assert BLOCK.pipeline == "report"


def test_it_pickles():
    assert repr(pickle.loads(pickle.dumps(BLOCK))) == repr(BLOCK)
