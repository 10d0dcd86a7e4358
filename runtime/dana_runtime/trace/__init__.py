"""A running program → its timeline: `with dana_runtime.tracing("out.json"):`.

hooks in execution/, slices of generated code ─► Tracer ─► Span ─┬─► chrome: a file
                                                                 └─► otel: OpenTelemetry

While nothing is traced none of these modules is loaded, but for `slices` by code that was compiled with the
option `trace`. Times are those of `time.perf_counter_ns`, which all processes of a machine share.
"""
