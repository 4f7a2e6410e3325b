# veridian_ipc: nothing is needed but a C compiler and make.
#   make demo       builds and runs what the library is for, on real input (under a minute)
#   make chaos      eight processes that talk while one is killed every 5 ms, and every message accounted for (SECONDS_TO_RUN=60)
#   make test       every test (T=t_call runs one program, T=d072_... the one case of that name)
#   make check      the tests, the whole of the interleaving explorer and of its planted bugs, the compiler matrix
#   make bench      speed beside other ways, in one table
#   make bench-kernel  the demo kernel's system calls, in instructions, beside other kernels'
#   make explore    the whole of the interleaving explorer, and of the bugs planted to try it
#   make fuzz       libFuzzer on the domain and the models beside it (SECONDS_TO_RUN=60; needs clang)
#   make clean
CC = cc
BUILD = build
T =
SECONDS_TO_RUN = 60

help:
	@sed -n '2,10s/^# *//p' Makefile
demo:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/demo.sh
chaos:
	@mkdir -p "$(BUILD)"
	@$(CC) -O2 -pthread tests/chaos.c -o "$(BUILD)/chaos"
	@"$(BUILD)/chaos" $(SECONDS_TO_RUN)
test:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/run.sh $(T)
check:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/run.sh
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/run.sh full
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/mutants.sh full
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/matrix.sh
explore:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/run.sh full
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/mutants.sh full
bench:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/bench/run.sh
fuzz:
	@BUILD="$(BUILD)" sh tests/fuzz/run.sh $(SECONDS_TO_RUN)
bench-kernel:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/bench/kernel/run.sh
clean:
	rm -rf $(BUILD)
.PHONY: help demo chaos test check explore bench bench-kernel fuzz clean
