from __future__ import annotations

import pytest

import danac
from dana_runtime.execution.setting_checks import ALIASES, CHECKS
from danac.analysis.policies import EXECUTORS, ON_ERROR, SETTINGS

TRIED = [None, True, False, 0, 1, 3, -1, 0.5, 2.0, "auto", "partial", "1GB", "ValueError", "other"]


def test_the_compiler_knows_the_settings_of_the_runtime():
    assert set(SETTINGS) == {*CHECKS, *ALIASES}
    from dana_runtime.execution import setting_checks

    assert (EXECUTORS, ON_ERROR) == (setting_checks.EXECUTORS, setting_checks.ON_ERROR)


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("value", TRIED, ids=repr)
def test_the_compiler_refuses_nothing_that_the_runtime_takes(name, value):
    try:
        CHECKS[ALIASES.get(name, name)](name, value)
    except (TypeError, ValueError):
        return
    assert SETTINGS[name][1](value), f"the runtime takes {name}={value!r}"


@pytest.mark.parametrize(("written", "meant"), [("retry", "retries"), ("retry_onn", "retry_on")])
def test_a_wrong_setting_suggests_the_one_that_is_meant(written, meant):
    findings = danac.check_source(f"def p(x) = abs with ({written}=3)\n", "p.dana")
    assert findings[0].hint == f"did you mean `{meant}`?"
