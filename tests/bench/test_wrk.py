"""What wrk reports, read."""

import pytest

from bench.children import CannotMeasure
from bench.wrk import parsed

LINE = 'BENCH {"requests":300,"seconds":2.000000,"p50_us":61,"p99_us":90,"broken":1,"refused":2}'


def test_the_report_is_found_among_the_rest() -> None:
    load = parsed(f"Running 2s test\n  1 threads\n{LINE}\n")

    assert (load.requests, load.per_second, load.p50_us, load.broken, load.refused) == (300, 150.0, 61, 1, 2)


def test_no_report_is_said_with_what_there_was() -> None:
    with pytest.raises(CannotMeasure, match="unable to connect"):
        parsed("unable to connect to 127.0.0.1")
