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


def lower_policy(low: Lowering, policy: nodes.Policy, around: Surroundings) -> ast.expr:
    """Return the policy as the runtime takes it; refuse settings that are unknown or ill-typed."""
    for span, message, hint in faults_of(policy):
        low.report(span, message, "DANA177", hint)
    span = policy.span
    settings = [
        low.at(setting.span, ast.keyword(setting.name, low.expression(setting.value, around)))
        for setting in policy.settings
    ]
    made = low.at(span, ast.Call(low.runtime(span, "policy"), [], settings))
    if not all(isinstance(setting.value, nodes.Constant) for setting in policy.settings):
        return made
    name = low.fresh("policy")
    target = low.at(span, ast.Name(name, ast.Store()))
    low.blocks.append(low.at(span, ast.Assign([target], made)))
    return low.name(span, name)
