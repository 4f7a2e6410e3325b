# veridian_ipc: nothing is needed but a C compiler and make.
#   make demo       builds and runs what the library is for, on real input (under a minute)
#   make test       every test (T=t_call runs one program, T=d072_... the one case of that name)
#   make check      the tests, the whole of the interleaving explorer, the compiler matrix
#   make bench      speed beside other ways, in one table
#   make explore    the whole of the interleaving explorer
#   make clean
CC = cc
BUILD = build
T =

help:
	@sed -n '2,7s/^# *//p' Makefile
demo:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/demo.sh
test:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/run.sh $(T)
check:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/run.sh
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/run.sh full
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/matrix.sh
explore:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/explore/run.sh full
bench:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/bench/run.sh
clean:
	rm -rf $(BUILD)
.PHONY: help demo test check explore bench clean
