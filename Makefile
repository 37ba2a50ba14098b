# mailmortem. `make demo` and `make check` install what they need first.
#   make            build ./mailmortem       make demo   a real incident
#   make check      all tests                make lint   the house rules
#   make bless      record the command lines of tests/golden anew
#   make SAN=1 ...  with address and undefined-behaviour sanitizers
#   make CC=clang   with clang
#   make fuzz       each fuzzer for a minute, with clang
#   make bench      speed beside programs from the distribution
#   make rig        logs of the real MTAs, in chroots; needs root (MTA=exim)
#   make install    into prefix=/usr/local, below DESTDIR

CC       = gcc
prefix   = /usr/local
bindir   = $(prefix)/bin
PACKAGES = gcc libc6-dev make pkg-config zlib1g-dev libsqlite3-dev \
           libpcre2-dev libcsv-dev libarchive-dev libxxhash-dev \
           nettle-dev libjansson-dev libjs-dygraphs
TEST_PACKAGES  = libcmocka-dev python3 chromium chromium-driver xz-utils \
                 bzip2 zstd lz4 sqlite3 pflogsumm perl lzip ncompress \
                 cpio tzdata
BENCH_PACKAGES = python3 pflogsumm libsisimai-perl
FUZZ_PACKAGES  = clang libclang-rt-14-dev

LIBS     = zlib sqlite3 libpcre2-8 libarchive libxxhash nettle jansson
DYGRAPH  = /usr/share/javascript/dygraphs

WARN     = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wformat=2 \
           -Wconversion -Wundef -Wvla -Wswitch-enum -Werror
OPT      = -O2 -g
SANFLAGS = $(if $(SAN),-fsanitize=address$(,)undefined \
           -fno-sanitize-recover=all -fno-omit-frame-pointer) \
           $(if $(FUZZ),-fsanitize=fuzzer-no-link)
,       := ,
CPPFLAGS_ALL = -D_POSIX_C_SOURCE=200809L -I. $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 $(OPT) $(WARN) $(SANFLAGS) -pthread $(CFLAGS)
LDLIBS_ALL   = $(shell pkg-config --libs $(LIBS)) -lcsv -lm -pthread

B       := build/$(notdir $(CC))$(if $(SAN),-san)$(if $(FUZZ),-fuzz)
SRC     := $(wildcard formats/*/*.c analyze/*.c analyze/*/*.c replay/*.c \
           replay/*/*.c reports/*.c)
OBJ     := $(SRC:%.c=$(B)/%.o) $(B)/data.o
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS = 60
# Built into the program; formats/base/data.h.
DATA    := $(wildcard analyze/*/*.tsv replay/*/*.ini reports/page.css \
           reports/page.js) $(DYGRAPH)/dygraph.min.js \
           $(DYGRAPH)/dygraph.min.css

# V=1 shows the commands.
Q   := $(if $(V),,@)
SAY := $(if $(V),:,echo " ")

all: mailmortem

# Of the build asked for now: another may have been copied since.
mailmortem: $(B)/mailmortem FORCE
	@cmp -s $< $@ || cp $< $@

$(B)/mailmortem: $(B)/mailmortem.o $(B)/libmm.a
	@$(SAY) LD $@
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)

$(B)/libmm.a: $(OBJ)
	@$(SAY) AR $@
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/data.c: $(DATA) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "formats/base/data.h"'; n=0; \
	for f in $(DATA); do n=$$((n + 1)); \
	  echo "static const unsigned char d$$n[] = {"; \
	  od -An -v -tu1 $$f | sed 's/  */,/g; s/^,//; s/$$/,/'; \
	  echo '};'; done; \
	echo 'const struct mm_data mm_data_list[] = {'; n=0; \
	for f in $(DATA); do n=$$((n + 1)); \
	  echo "{ \"$${f#$(DYGRAPH)/}\", d$$n, sizeof(d$$n) },"; done; \
	echo '{ 0, 0, 0 } };'; } >$@

$(B)/data.o: $(B)/data.c
	@$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(B)/tests/%: tests/%.c $(B)/libmm.a
	@mkdir -p $(@D)
	@$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS) -MMD -MP -o $@ $< \
	  $(B)/libmm.a -lcmocka $(LDLIBS_ALL)

# A real server's log and spool, from evidence to report and replay.
demo: deps-build
	@$(MAKE) --no-print-directory mailmortem
	@sh tests/demo.sh

# The tests run from the top folder and read test-corpus/.
check: deps
	@$(MAKE) --no-print-directory run-tests

build-tests: $(B)/mailmortem $(TESTS)

bless: $(B)/mailmortem
	@MAILMORTEM=$(CURDIR)/$(B)/mailmortem sh tests/golden.sh bless

run-tests: build-tests
	@sh tests/run.sh $(B) $(TESTS)

# Each target of tests/fuzz for FUZZ_SECONDS, by clang's libFuzzer.
fuzz: deps-build
	@sh tests/deps.sh $(FUZZ_PACKAGES)
	@$(MAKE) --no-print-directory CC=clang SAN=1 FUZZ=1 run-fuzz

run-fuzz: $(FUZZERS)
	@sh tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)

$(B)/fuzz/%: tests/fuzz/%.c $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fsanitize=fuzzer $(LDFLAGS) -o $@ \
	  $< $(B)/libmm.a $(LDLIBS_ALL)

rig: deps-build
	@$(MAKE) --no-print-directory mailmortem
	@tests/rig/run $(MTA)

BENCH_MB = 1000
bench: deps-build
	@sh tests/deps.sh $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory mailmortem $(B)/bench/genlog \
	  $(B)/bench/replay_speed $(B)/bench/classify_speed
	@python3 tests/bench/run.py ./mailmortem $(B)/bench/genlog $(BENCH_MB) $(B)
	@python3 tests/bench/replay.py ./mailmortem $(B)/bench/replay_speed
	@$(B)/bench/classify_speed
	@python3 tests/bench/sisimai.py ./mailmortem

$(B)/bench/replay_speed $(B)/bench/classify_speed: \
$(B)/bench/%: tests/bench/%.c $(B)/libmm.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -Wall -Wextra -o $@ $<

lint:
	@sh tests/lint/lint.sh

format:
	clang-format -i mailmortem.c $(SRC) $(wildcard formats/*/*.h \
	  analyze/*.h analyze/*/*.h replay/*.h replay/*/*.h reports/*.h tests/*.[ch])

deps-build:
	@sh tests/deps.sh $(PACKAGES)

deps:
	@sh tests/deps.sh $(PACKAGES) $(TEST_PACKAGES)

clean:
	rm -rf build mailmortem demo

install: mailmortem
	install -D -m 755 mailmortem $(DESTDIR)$(bindir)/mailmortem

uninstall:
	rm -f $(DESTDIR)$(bindir)/mailmortem

-include $(OBJ:.o=.d) $(B)/mailmortem.d $(TESTS:=.d)

.PHONY: FORCE all demo check bless build-tests run-tests fuzz run-fuzz rig bench \
        lint format deps deps-build clean install uninstall
.SECONDARY:
