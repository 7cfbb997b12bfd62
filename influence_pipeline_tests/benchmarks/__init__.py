"""The instruments that the benchmarks measure with."""
