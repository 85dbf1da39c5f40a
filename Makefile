# Makefile: short names for what script/ and tools/ do. Nothing is built here.
FUZZ_SECONDS ?= 60

all:
	script/build

run:
	script/server

check:
	script/test

# The tests of what has threads, under ThreadSanitizer.
tsan:
	script/test tsan

tidy:
	python3 tools/tidy.py

measure:
	python3 tools/measure.py

fuzz:
	script/test build-clang
	python3 tools/fuzz.py build-clang $(FUZZ_SECONDS) $(TARGETS)

# Prints ratios against references of the same run; names of benches in BENCHES, all when empty.
bench:
	script/build
	ninja -C build bench/intake_load bench/fill bench/pages bench/http_bench bench/ws_bench bench/linked_cpu
	python3 bench/bench.py $(BENCHES)

format:
	python3 tools/format.py

.PHONY: all run check tsan tidy measure fuzz bench format
