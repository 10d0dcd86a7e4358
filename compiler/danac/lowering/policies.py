"""`stage with (timeout=5)`: the stage goes to the runtime together with its policy.

    f with (timeout=5)           run_stage(v, f, "stage 2 of …", policy)
    { f, g } with (timeout=5)    fan_out((f, g), v, block, policy)
    { f with (timeout=5), g }    fan_out((with_policy(f, policy), g), v, block)

A policy of constants is made once, for the whole module.
"""

from __future__ import annotations

import ast

from danac import nodes
from danac.analysis.policies import faults_of
from danac.lowering.context import Lowering, Surroundings
from danac.source import Span


def lower_policy(low: Lowering, policy: nodes.Policy, around: Surroundings) -> ast.expr:
    """Return the policy as the runtime takes it; refuse settings that are unknown or ill-typed."""
    for span, message, hint in faults_of(policy):
        low.report(span, message, "DANA177", hint)
    span = policy.span
    is_constant = all(isinstance(setting.value, nodes.Constant) for setting in policy.settings)
    settings = []
    for setting in policy.settings:
        value = low.expression(setting.value, around)
        if setting.name == "breaker" and not is_constant:
            # What a breaker has seen is kept, although the policy is made anew at each run.
            place = low.call(span, low.runtime(span, "BreakerPlace"))
            value = low.call(setting.span, _once(low, span, "breaker", place), value)
        settings.append(low.at(setting.span, ast.keyword(setting.name, value)))
    made = low.at(span, ast.Call(low.runtime(span, "policy"), [], settings))
    return _once(low, span, "policy", made) if is_constant else made


def _once(low: Lowering, span: Span, purpose: str, value: ast.expr) -> ast.expr:
    """Have `value` made once for the whole module; return how it is read."""
    name = low.fresh(purpose)
    target = low.at(span, ast.Name(name, ast.Store()))
    low.blocks.append(low.at(span, ast.Assign([target], value)))
    return low.name(span, name)
