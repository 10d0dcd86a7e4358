"""Programs that orchestration is for: an order through a shop, a report shared by branches, a keyed block."""

from __future__ import annotations

import pytest

from dana_runtime import (
    Context,
    LocalNames,
    OrchestrationError,
    fan_out,
    orchestrate,
    private_scope,
    public,
)

private = private_scope(__name__)


@pytest.fixture(autouse=True)
def clean_private():
    yield
    for name in list(private):
        del private[name]


def branches(*functions, context=None):
    """Return the functions as branches, each of which meets the shared value in its own way."""
    return [
        lambda value, function=function: orchestrate(
            function, value, f"branch {function.__name__}", context
        )
        for function in functions
    ]


# --- An order, and settings around it ---------------------------------------------------------------


def calculate_tax(total, tax_rate):
    return total * tax_rate


def process_payment(total, customer, payment_gateway, currency="EUR"):
    return f"{payment_gateway} takes {total} {currency} from {customer}"


def send_confirmation(customer, email, *, sender):
    return f"{sender} to {customer} <{email}>"


ORDER = {"order_id": 7, "customer": "Ann", "email": "ann@example.org", "total": 200}


def test_an_order_is_taxed_charged_and_confirmed():
    private["tax_rate"] = 0.25
    public["payment_gateway"] = "Payall"
    public["tax_rate"] = 99
    block = branches(
        calculate_tax,
        process_payment,
        send_confirmation,
        context=Context(lambda: {"sender": "shop"}, private),
    )
    for _ in range(3):
        assert fan_out(block, ORDER) == [
            50.0,
            "Payall takes 200 EUR from Ann",
            "shop to Ann <ann@example.org>",
        ]


def test_the_order_has_the_last_word():
    private["tax_rate"] = 0.25
    order = ORDER | {"tax_rate": 0.5, "currency": "USD", "payment_gateway": "Cash", "sender": "x"}
    found = fan_out(branches(calculate_tax, process_payment, context=Context(None, private)), order)
    assert found == [100.0, "Cash takes 200 USD from Ann"]


def test_a_setting_of_zero_counts():
    private["tax_rate"] = 0
    public["tax_rate"] = 1
    context = Context(None, private)
    assert orchestrate(calculate_tax, ORDER, "stage", context) == 0


def test_a_setting_that_is_missing():
    with pytest.raises(OrchestrationError) as caught:
        orchestrate(calculate_tax, ORDER, "stage 2 of order | calculate_tax (shop.dana:3:9)")
    assert str(caught.value) == (
        "stage 2 of order | calculate_tax (shop.dana:3:9): calculate_tax(total, tax_rate) gets "
        "nothing for 'tax_rate'; the value is a dict with the fields order_id, customer, email, "
        "total; no names in the context"
    )


# --- A report, shared by branches -------------------------------------------------------------------

REPORT = (100, 0.95, ["warning"], {"processed": True})


def summary(count: int, accuracy: float, status: dict):
    return count, accuracy, status


def alerts(warnings: list):
    return warnings


def quality(count: int, accuracy: float):
    return count * accuracy


def test_branches_share_a_report():
    for _ in range(3):
        assert fan_out(branches(summary, alerts, quality), REPORT) == [
            (100, 0.95, {"processed": True}),
            ["warning"],
            95.0,
        ]


def test_branches_share_what_a_block_gave():
    given = fan_out([lambda _, item=item: item for item in REPORT], None)
    assert isinstance(given, list)
    found = [
        orchestrate(function, given, "stage", is_block_result=True)
        for function in (summary, quality)
    ]
    assert found == [(100, 0.95, {"processed": True}), 95.0]


# --- A keyed block, and the stage that takes its results by name ------------------------------------


def store(xml, json):
    return f"{json} and {xml}"


def test_a_keyed_block_meets_parameters_by_name():
    given = fan_out({"json": lambda v: f"{{{v}}}", "xml": lambda v: f"<{v}/>"}, 5)
    assert orchestrate(store, given, "stage", is_block_result=True) == "{5} and <5/>"


# --- Local names ------------------------------------------------------------------------------------


def test_local_names_that_are_not_bound_yet():
    def f(a, b):
        return a, b

    def around(bind):
        if bind:
            b = 0
        names = LocalNames({"b": lambda: b, "c": lambda: 3})
        return orchestrate(f, 1, "stage", lambda: names)

    assert around(True) == (1, 0)
    with pytest.raises(OrchestrationError, match=r"local names: c$"):
        around(False)
    public["b"] = 9
    assert around(False) == (1, 9)


def test_a_function_finds_the_private_scope_of_its_module():
    def f(a, b):
        return a, b

    private["b"] = 2
    # As generated code has it: the scope is in the globals of the function.
    assert orchestrate(f, 1, "stage", lambda: {}) == (1, 2)
    with pytest.raises(OrchestrationError):
        orchestrate(f, 1, "stage", None)


def test_a_branch_sees_its_own_settings():
    def f(a, b):
        return a, b

    def branch(value):
        public["b"] = value + 1
        return orchestrate(f, value, "stage")

    assert fan_out([branch, lambda v: branch(v + 10)], 1) == [(1, 2), (11, 12)]
    with pytest.raises(OrchestrationError):
        orchestrate(f, 1, "stage")
