"""The settings of policies, `stage with (…)`, each with what it means: what completion offers."""

from __future__ import annotations

SETTINGS = {
    "timeout": "seconds for a branch and attempt; none is no limit",
    "total_timeout": "seconds for a branch with all its attempts and delays",
    "retries": "how often a failed attempt is tried again, or a Retry(…)",
    "backoff": "seconds before the second attempt, at most; doubled with each further one",
    "max_backoff": "seconds between two attempts, at most",
    "jitter": "the share of a delay, 0 to 1, that is left to chance",
    "retry_on": "the exception classes after which there is another attempt",
    "at_least": "how many results a block needs; the others may fail",
    "fallback": "a value in the place of what failed, or a function of the failure",
    "profile": "the file that keeps what was learned, or true",
    "on_error": '"raise" or "partial": what a failed branch makes of its block',
    "executor": '"auto", "inline", "thread", "process", "async", "dask", or an Executor',
    "max_workers": "how many branches of the block run at once",
    "max_depth": "how deep blocks in blocks get workers of their own",
    "memory_limit": 'how much memory a process worker may use, such as "1GB"',
    "scheduler": "the address of a Dask cluster",
    "idempotent": "whether an attempt that ran out of time may be tried again",
    "enforce": "what a result must be: a type, a predicate or a schema",
    "breaker": "after how many failures in a row there are no calls for a while, or a Breaker(…)",
    "pure": "whether it has no effects and waits for nothing: then it may run anywhere",
    "progress": "whether a terminal shows how far a long block is",
}
