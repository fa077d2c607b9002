# hostel, a small WebAssembly host. `make help` lists the targets.
#
# Everything that is made lies under $(BUILD):
#   hostel, all.a               the program, and all of it but main.o, for tests
#   library/                    what embeds hostel in other programs: base/library/rules.mk
#   obj/                        one object a source file, with its dependencies (.d)
#   made/                       what of the sources is made of others
#   tests/                      the test programs, from tests/PART/NAME.c
#   guests/                     the tests' guests, from tests/guests/**/NAME.c and NAME.wat
#   spec/                       the unpacked spec suite, and our own from tests/spec/NAME.wast
#   suites/                     what `make suites` brings, for tests that need it
#   san/                        the same again (VARIANT=sanitized), with sanitizers on
# One file outside of it is made too: guest/demo.wasm, which the README's commands name.

CORE    =
BUILD   = $(if $(CORE),build/core,build)
DATA    = $(firstword $(wildcard ../shared/data) $(BUILD)/suites)
VARIANT = release
EMULATOR =
T       =
P       =
F       = vm
G       = c
SECONDS = 60
V       =
PARTS   = unit spec core wasi net cli guide demo limits embed
FUZZERS = vm idioms dwarf lcov http json url record
CLANG_FORMAT = clang-format

# What a package of the program sets, on the command line or in the environment.
CFLAGS     ?= -O2 -g
CPPFLAGS   ?=
LDFLAGS    ?=
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
OBJDUMP    ?= objdump
DESTDIR    ?=
PREFIX      = /usr/local
prefix      = $(PREFIX)
exec_prefix = $(prefix)
bindir      = $(exec_prefix)/bin
includedir  = $(prefix)/include
datarootdir = $(prefix)/share
datadir     = $(datarootdir)
mandir      = $(datarootdir)/man

MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

ifeq ($(MAKELEVEL),0)
UNKNOWN := $(if $(T),$(shell tests/run --known $(T) 2>&1))
endif
ifneq ($(UNKNOWN),)
$(error $(UNKNOWN))
endif
ifneq ($(filter-out 1 release sanitized,$(V)),)
$(error V=$(V): no such build; there are: release sanitized; V=1 shows all commands)
endif

# What the tests are made and run with: both builds, or the one that V names.
BUILDS := $(or $(filter release sanitized,$(V)),release sanitized)

ifneq ($(filter-out c rust,$(G)),)
$(error G=$(G): there is no such demo; there are: c rust)
endif
ifneq ($(filter-out $(FUZZERS),$(or $(F),none)),)
$(error F=$(F): no such fuzzer; there are: $(FUZZERS))
endif
BENCH_GUESTS := $(patsubst bench/guests/%.c,%,$(wildcard bench/guests/*.c))
BENCH_MADE    = load load_all
BENCH_PARTS   = guests suite whole growth
ifneq ($(filter-out $(BENCH_PARTS),$(P)),)
$(error P=$(P): no such part of the benchmarks; there are: $(BENCH_PARTS))
endif

# Commands are shown by `make V=1` only.
$(filter 1,$(V)).SILENT:

# ---- what is built from what ----

# The VM is a core and rings around it (vm/rings.h). For those that are left out, files of
# vm/without stand in, and empty ones for what is included.
RINGS    = skim simd exceptions tail wide saturating bulk far fusions discard meter objects proposals debug listing record
WITH     = $(if $(CORE),,$(RINGS))
WITHOUT := $(filter-out $(WITH),$(RINGS))
FOLDERS  = base vm $(WITH:%=vm/%) wasi net json
SOURCES := $(wildcard *.c $(FOLDERS:=/*.c)) $(wildcard $(WITHOUT:%=vm/without/%.c))
LIBRARY  = $(BUILD)/all.a

# In the order in which they lie in the program: what few runs execute comes last. The system maps
# a program sixteen pages at a time, so that a start touches 170 KB less where what it executes is
# together. Of the folders that are named here, STEADY is part of every run.
SELDOM  = $(patsubst %,%.c,assemble check coverage help messages nearest origin output profile \
            quantity removal toolchains) net/% json/% vm/debug/% vm/listing/% vm/record/%
STEADY  = $(patsubst %,net/%.c,client cookie connection policy proxy socket suffix tls) \
          $(patsubst %,vm/%.c,debug/calls debug/counts debug/debug listing/names listing/stop \
            record/recorder record/replay record/tape)
LATER  := $(filter-out $(STEADY),$(filter $(SELDOM),$(SOURCES)))
OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(LATER),$(SOURCES)) $(LATER))

# The parts of the tests that T names, or all; and of the unit tests, those that it names.
TESTED := $(or $(sort $(foreach name,$(T),$(firstword $(subst /, ,$(name))))),$(PARTS))
UNITS  := $(foreach name,$(filter unit/%,$(T)),$(word 2,$(subst /, ,$(name))))
UNITS  := $(if $(filter unit,$(T)),test_*,$(or $(UNITS),test_*))

# One file is one program, but for those of tests/spec, which make one together.
UNIT_SOURCES := $(wildcard $(UNITS:%=tests/unit/%.c))
TEST_SOURCES := $(UNIT_SOURCES) tests/cli/places.c tests/net/fetch.c tests/spec/run.c
TEST_SOURCES := $(filter $(addsuffix /%,$(TESTED:%=tests/%)),$(TEST_SOURCES))
TESTS         = $(TEST_SOURCES:%.c=$(BUILD)/%)
SPEC         := $(wildcard tests/spec/*.c)

# The folders of tests/guests that a part runs guests of.
unit_RUNS  = vm wasi
core_RUNS  = vm wasi
wasi_RUNS  = wasi
cli_RUNS   = cli abi
demo_RUNS  = abi
embed_RUNS = embed

GUEST_FOLDERS := $(sort $(foreach part,$(TESTED),$($(part)_RUNS)))
GUEST_SOURCES := $(wildcard $(foreach folder,$(GUEST_FOLDERS),tests/guests/$(folder)/*.[cw]*))
GUESTS = $(patsubst tests/%,$(BUILD)/%.wasm,$(basename $(GUEST_SOURCES)))

# What the documents' listings name.
GUIDE  := $(patsubst tests/%.wat,$(BUILD)/%.wasm,$(wildcard tests/guide/*.wat))
GUESTS += $(if $(filter guide,$(TESTED)),$(GUIDE))

SPEC_GUESTS := $(patsubst tests/spec/%.wat,$(BUILD)/spec/%.wasm,$(wildcard tests/spec/*.wat))
SPEC_GUESTS += $(patsubst tests/spec/%.wast,$(BUILD)/spec/own/%.json,$(wildcard tests/spec/*.wast))
GUESTS += $(if $(filter spec core,$(TESTED)),$(SPEC_GUESTS) $(SUITES))

STAND_INS = $(if $(WITHOUT),$(BUILD)/without/vm/missing.def)

# ---- how ----

# What makes of a row without its case, or of two with one code, a program that does not compile.
COMPLETE = -Werror=switch -Werror=override-init
# Not declared, a function would return an int: of a pointer half is lost.
DECLARED = -Werror=implicit-function-declaration
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(COMPLETE) $(DECLARED)
FLAGS    = -std=c11 -D_POSIX_C_SOURCE=200809L $(WARNINGS) $(STAND_INS:%=-I$(BUILD)/without) -I. -I$(BUILD)/made $(HTTP_FLAGS) -MMD -MP -pthread
COMPILER = $(CC) $(FLAGS) $(CPPFLAGS) $(CFLAGS) $(HARDENING) $(APART)
PLAIN_FLAGS = $(filter-out -MMD -MP,$(COMPILER:$(CC)%=%))
LIBS     = $(HTTP_LIBS) $(or $(ARCHIVES),-lmbedtls -lmbedx509 -lmbedcrypto -lpsl) -lm -pthread

# Static libraries are taken if all are there: a start takes 1.0 ms with them, and 1.4 with shared
# ones, which `make STATIC=` links.
STATIC    = mbedtls mbedx509 mbedcrypto psl idn2 unistring
FOUND    := $(filter /%,$(shell for name in $(STATIC); do \
                            $(CC) -print-file-name=lib$$name.a; done 2>/dev/null))
ARCHIVES := $(if $(filter $(words $(FOUND)),$(words $(STATIC))),$(FOUND))

# llhttp is a library; Debian 12 and Ubuntu 24.04 have its source instead, in a package of Node's.
HTTP_SOURCE := $(patsubst %/llhttp.c,%,$(wildcard /usr/share/llhttp/llhttp.c))
HTTP_LIBS   := $(shell $(PKG_CONFIG) --libs libllhttp 2>/dev/null)
ifneq ($(HTTP_LIBS),)
HTTP_FLAGS  := $(shell $(PKG_CONFIG) --cflags libllhttp)
else ifneq ($(HTTP_SOURCE),)
HTTP_FLAGS   = -isystem /usr/share/include/llhttp
HTTP_OBJECTS = $(patsubst %,$(BUILD)/obj/llhttp/%.o,api http llhttp)
else
HTTP_LIBS    = -lllhttp
endif

# The same objects serve the program and the shared library: no other definition can come between a
# function and its callers, so that position-independent code is what it would be for a program.
PIC = -fPIC -fno-semantic-interposition

# The engine calls its instruction handlers by jumps ("tail calls") in the release build. That
# needs -O2, and nothing between one handler and the next; each begins a cache line. All other
# builds use a switch, whose one big function takes a compiler minutes at -O2, and with sanitizers
# at -O1 too.
IS_CLANG  := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
ifeq ($(VARIANT),release)
FORTIFY    = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDENING  = -fstack-protector-strong $(FORTIFY) $(PIC)
LINK_FLAGS = -pie -Wl,-z,relro,-z,now $(PACKED)
# The tables of the program hold thousands of addresses, to be put right when it begins: packed, they
# take 2 KB in the file instead of 200. Looked for once, and run, for the C library must know them.
PACKED     = $(eval PACKED := $(shell tests/platforms/packed $(CC)))$(PACKED)
# Else a linker keeps a short text in a longer one that ends with it, wherever in the program that is.
APART      = $(if $(IS_CLANG),,-fno-merge-constants)
ENGINE     = -O2 -DHOSTEL_DISPATCH_TAIL -fno-stack-protector -fno-math-errno -ffp-contract=off \
             -fno-asynchronous-unwind-tables -falign-functions=64 $(if $(IS_CLANG),,-fno-tree-loop-distribute-patterns)
else
override CFLAGS = -O1 -g -fno-omit-frame-pointer
SANITIZERS = address,undefined
HARDENING  = -fsanitize=$(SANITIZERS) -fno-sanitize-recover=all $(FUZZING)
LINK_FLAGS = $(HARDENING) $(if $(IS_CLANG),,-static-libasan -static-libubsan)
ENGINE     = -O0 -fno-math-errno -ffp-contract=off
endif

all: $(BUILD)/hostel $(LIBRARY)

$(BUILD)/hostel: $(OBJECTS) $(HTTP_OBJECTS)
	echo "LINK  $@"
	$(CC) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIBRARY): $(filter-out $(BUILD)/obj/main.o,$(OBJECTS)) $(HTTP_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^

define COMPILE
echo "CC  $<"
mkdir -p $(@D)
$(COMPILER) $(EXTRA) -c -o $@ $<
endef

# Looked at before anything is compiled: is all there, can it be built here?
READY = $(patsubst %,$(BUILD)/ready-%,program guests tests)

$(READY): $(BUILD)/ready-%: Makefile base/host.h tests/platforms/ready
	mkdir -p $(@D)
	CC="$(CC)" FLAGS="$(PLAIN_FLAGS)" tests/platforms/ready $*
	touch $@

$(BUILD)/obj/%.o: %.c Makefile | $(BUILD)/ready-program $(STAND_INS)
	$(COMPILE)

$(STAND_INS): Makefile $(wildcard vm/without/*.def $(WITHOUT:%=vm/%/*.def))
	for file in $(wildcard $(WITHOUT:%=vm/%/*.def)); do \
	    mkdir -p $(BUILD)/without/$${file%/*} && : >$(BUILD)/without/$$file; \
	done
	cat $(wildcard $(WITHOUT:%=vm/without/%.def)) >$@

$(BUILD)/obj/vm/exec.o: EXTRA = $(ENGINE)

# The page of `hostel explain`, and what is in a flame graph, as lines of C.
FLAME = $(patsubst %,$(BUILD)/made/vm/debug/flame.%.inc,css js)

$(BUILD)/made/vm/listing/page.inc: vm/listing/page.html
$(FLAME): $(BUILD)/made/%.inc: %
$(BUILD)/made/vm/listing/page.inc $(FLAME):
	mkdir -p $(@D)
	sed 's/[\\"]/\\&/g; s/.*/"&\\n",/' $< >$@

$(BUILD)/obj/vm/listing/page.o $(BUILD)/obj/counted/vm/listing/page.o: $(BUILD)/made/vm/listing/page.inc
$(BUILD)/obj/vm/debug/flame.o $(BUILD)/obj/counted/vm/debug/flame.o: $(FLAME)

$(BUILD)/obj/llhttp/%.o: $(HTTP_SOURCE)/%.c Makefile | $(BUILD)/ready-program
	echo "CC  $<"
	mkdir -p $(@D)
	$(CC) -w -DLLHTTP_STRICT_MODE=1 $(HTTP_FLAGS) $(CPPFLAGS) $(CFLAGS) $(HARDENING) -c -o $@ $<

# ---- tests ----

define LINK_TEST
echo "LINK  $@"
mkdir -p $(@D)
$(CC) $(LINK_FLAGS) $(LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ -lcmocka $(LIBS)
endef

# Tests take longer to compile than to run.
$(BUILD)/obj/tests/%.o: EXTRA = -O1

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBRARY)
	$(LINK_TEST)

# So that one case of it can be run by itself.
$(UNIT_SOURCES:%.c=$(BUILD)/%): $(BUILD)/obj/tests/unit/only.o

# This test refuses memory.
$(BUILD)/tests/unit/test_vm_refused: WRAPPED = malloc calloc realloc platform_reserve platform_commit \
                                           budget_take

# This test fills a directory while it is read.
$(BUILD)/tests/unit/test_removal: WRAPPED = readdir

# This test counts in how many pieces a file is worked on.
$(BUILD)/tests/unit/test_wasi_pieces: WRAPPED = ftruncate posix_fadvise

# This test ends its process at one system call after the other, and meddles between two of them.
$(BUILD)/tests/unit/test_tmpdir: WRAPPED = socketpair sigprocmask fork close sigaction recv open \
                                          fstat shutdown waitpid mkdtemp

# These tests count work: the code they run tells them of every basic block that is entered, and has
# them allocate and move memory.
COUNTED = $(patsubst %.c,$(BUILD)/obj/counted/%.o,$(filter-out vm/exec.c,$(filter base/% vm/%,$(SOURCES))))

$(BUILD)/obj/counted/%.o: %.c Makefile | $(BUILD)/ready-program
	$(COMPILE)

$(COUNTED): EXTRA = -O1 -fsanitize-coverage=trace-pc -U_FORTIFY_SOURCE

COUNTING = $(patsubst %,$(BUILD)/tests/unit/test_vm_%,sizes wide debug_sizes)

$(filter-out %debug_sizes,$(COUNTING)): WRAPPED = malloc calloc realloc memcpy memmove memset
$(BUILD)/tests/unit/test_vm_debug_sizes: WRAPPED = calloc realloc
$(COUNTING): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(COUNTED) $(LIBRARY)
	$(LINK_TEST)

$(BUILD)/tests/spec/run: $(SPEC:%.c=$(BUILD)/obj/%.o) $(LIBRARY)
	echo "LINK  $@"
	mkdir -p $(@D)
	$(CC) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Guests get the flags that their first comment asks for, /* flags: ... */ of any number of lines or
# ;; flags: ... of one. But for what wabt no longer knows, since it is no longer off:
# `--enable-exceptions` is one until 1.0.41.
ASKED_FLAGS    = $(shell awk '\
    NR == 1 && !sub("^(/[*]|;;) flags:", "") { exit } \
    { sub("^ [*] ", ""); last = sub("[*]/.*", "") || FILENAME ~ /was?t$$/; print } \
    last { exit }' $<)
FEATURES       = $(filter --enable-%,$(ASKED_FLAGS))
KNOWN_FEATURES = $(filter $(FEATURES),$(shell wat2wasm --help))
WABT_FLAGS     = $(filter-out $(filter-out $(KNOWN_FEATURES),$(FEATURES)),$(ASKED_FLAGS))

GUEST_CC = clang --target=wasm32-wasi -O2 -g0 -Wall -Wextra -I.

guest/demo.wasm: guest/demo.c guest/http.h
	echo "GUEST  $@"
	$(GUEST_CC) -o $@ $< $(ASKED_FLAGS)

# Guests in Rust, where there is a Rust for WASI: the demo, and a test of guest/http.rs.
RUST_GUESTS = $(BUILD)/guests/rust/demo.wasm $(BUILD)/guests/rust/client.wasm

$(BUILD)/guests/rust/demo.wasm: CRATE = guest/rust
$(BUILD)/guests/rust/demo.wasm: guest/rust/src/lib.rs guest/rust/Cargo.toml
$(BUILD)/guests/rust/client.wasm: CRATE = tests/guests/rust
$(BUILD)/guests/rust/client.wasm: tests/guests/rust/src/main.rs tests/guests/rust/Cargo.toml
$(RUST_GUESTS): guest/http.rs guest/rust/build guest/rust/build.rs
	echo "GUEST  $@"
	BUILD=$(BUILD) guest/rust/build $(CRATE) $@

$(BUILD)/guests/%.wasm: tests/guests/%.c
	echo "GUEST  $@"
	mkdir -p $(@D)
	$(GUEST_CC) -MMD -MP -MT $@ -MF $(@:.wasm=.d) -o $@ $< $(ASKED_FLAGS)

$(BUILD)/guests/%.wasm: tests/guests/%.wat
	echo "GUEST  $@"
	mkdir -p $(@D)
	wat2wasm $(WABT_FLAGS) -o $@ $<

$(BUILD)/guide/%.wasm: tests/guide/%.wat tests/guide/custom.py
	echo "GUEST  $@"
	mkdir -p $(@D)
	wat2wasm --debug-names $(WABT_FLAGS) -o $@ $<
	tests/guide/custom.py $< $@

$(BUILD)/spec/%.wasm: tests/spec/%.wat
	echo "GUEST  $@"
	mkdir -p $(@D)
	wat2wasm -o $@ $<

$(BUILD)/spec/own/%.json: tests/spec/%.wast
	echo "GUEST  $@"
	mkdir -p $(@D)
	wast2json $(WABT_FLAGS) -o $@ $<

# The stamp's name says how many there are: those that come later are unpacked later.
SUITE_FILES := $(wildcard $(DATA)/spec/*.gz)
SUITES       = $(BUILD)/spec/suites-$(words $(SUITE_FILES))

$(SUITES): $(SUITE_FILES)
	mkdir -p $(@D)
	for suite in $^; do tar -xzf $$suite -C $(@D); done
	touch $@

# The fuzzers only as far as any compiler can.
FUZZER_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/fuzz/*.c))

programs: $(BUILD)/hostel $(TESTS) \
          $(if $(filter unit,$(TESTED)),$(FUZZER_OBJECTS) $(BUILD)/tests/fuzz/alone)

guests: $(GUESTS) $(if $(filter demo,$(TESTED)),guest/demo.wasm)

$(filter-out $(SUITES),$(GUESTS)) guest/demo.wasm: | $(BUILD)/ready-guests
$(TEST_SOURCES:%.c=$(BUILD)/obj/%.o): | $(BUILD)/ready-tests

# The sanitized build shares the guests and the spec suite of the release build.
sanitized:
	mkdir -p $(BUILD)/san
	for d in guests spec; do test -e $(BUILD)/san/$$d || ln -sfn ../$$d $(BUILD)/san/$$d; done
	$(MAKE) BUILD=$(BUILD)/san VARIANT=sanitized programs

# `check` is what packages run: it installs nothing.
check:
	$(MAKE) $(READY)
	$(MAKE) $(if $(filter release,$(BUILDS)),programs,all) guests $(filter sanitized,$(BUILDS))
	$(if $(filter demo,$(TESTED)), \
	    if guest/rust/build --ready >/dev/null; then $(MAKE) $(RUST_GUESTS); fi)
	$(if $(filter release,$(BUILDS)),$(if $(filter embed,$(TESTED)),$(MAKE) embedded))
	$(if $(filter release,$(BUILDS)),$(if $(filter core,$(TESTED)), \
	    $(MAKE) CORE=1 BUILD=$(BUILD)/core T=spec $(BUILD)/core/hostel $(BUILD)/core/tests/spec/run))
	BUILD=$(BUILD) DATA=$(DATA) BUILDS="$(BUILDS)" EMULATOR="$(EMULATOR)" \
	    CC="$(CC)" FLAGS="$(PLAIN_FLAGS)" tests/run $(T)

test: deps
	$(MAKE) check

# The modules of the documents' listings; and all listings anew.
guide: $(GUIDE)

listings: all guide
	BUILD=$(BUILD) tests/guide/listings.py --write

# What tests/embed builds its programs with: all of it installed, and a library for the thread
# sanitizer.
embedded:
	$(MAKE) install prefix=$(abspath $(BUILD))/installed DESTDIR= >/dev/null
	if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=thread -x c -o /dev/null - 2>/dev/null; then \
	    $(MAKE) BUILD=$(BUILD)/threads VARIANT=sanitized SANITIZERS=thread \
	        $(patsubst %,$(BUILD)/threads/library/%,libhostel-vm.a \
	        $(patsubst %,include/hostel/%.h,base vm wasi)); \
	fi

# By git, from their public homes; tests/suites/get says which, and how to name others.
suites: deps
	tests/suites/get $(BUILD)/suites

DEMO = $(if $(filter rust,$(G)),$(BUILD)/guests/rust/demo.wasm,guest/demo.wasm)

demo: $(if $(filter rust,$(G)),deps-rust,deps)
	$(MAKE) all $(DEMO)
	tests/demo/serve $(BUILD)/hostel --tmpdir / --allow-net httpbin.org \
	    --resolve httpbin.org:443:127.0.0.1:{PORT} --cacert {CACERT} \
	    --invoke run_demo $(DEMO)

# ---- fuzzing ----

# With clang's libFuzzer, for which everything is made once more.
fuzz: deps-fuzz
	$(MAKE) $(SUITES)
	$(MAKE) BUILD=$(BUILD)/fuzz VARIANT=sanitized CC=clang FUZZING=-fsanitize=fuzzer-no-link \
	    $(BUILD)/fuzz/tests/fuzz/$(F)
	FUZZER=$(BUILD)/fuzz/tests/fuzz/$(F) BUILD=$(BUILD) DATA=$(DATA) tests/fuzz/run $(F) $(SECONDS)

$(BUILD)/tests/fuzz/vm: $(BUILD)/obj/tests/fuzz/make.o
$(BUILD)/tests/fuzz/idioms: $(patsubst %,$(BUILD)/obj/tests/fuzz/%.o,loops vm)
$(BUILD)/tests/fuzz/alone: $(patsubst %,$(BUILD)/obj/tests/fuzz/%.o,idioms loops vm)

# All but `alone` are driven by clang's fuzzer.
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(LIBRARY)
	echo "LINK  $@"
	mkdir -p $(@D)
	$(CC) $(LINK_FLAGS) $(if $(filter alone,$*),,-fsanitize=fuzzer) $(LDFLAGS) -o $@ \
	    $(filter %.o,$^) $(LIBRARY) $(LIBS)

# ---- benchmarks ----

# Each guest once as a module and once as a native program, whose answer is the right one.
BENCH = $(BUILD)/bench
NATIVE_CC = clang -O2 -Wall -Wextra -fno-math-errno -ffp-contract=off -I.

# What the parts of bench/run need: P names them.
BENCH_GUESTS_ALL = $(patsubst %,$(BENCH)/%,$(BENCH_GUESTS) $(BENCH_GUESTS:=.wasm) \
                     $(BENCH_MADE:=.wasm))
BENCH_guests = $(BENCH_GUESTS_ALL) $(BENCH)/rusage $(BENCH)/embed
BENCH_whole  = $(BENCH_GUESTS_ALL) $(BENCH)/rusage
BENCH_suite  = $(patsubst %,$(BENCH)/suite-%,hostel $(if $(AGAINST),before) $(LIBRARIES))
BENCH_growth = $(BENCH)/growth $(BENCH)/growth.wasm \
               $(foreach size,1 10 100,$(BENCH)/load-$(size).wasm $(BENCH)/all-$(size).wasm)

# Engines that the suite's driver is linked with, besides: ENGINE_wasm3="-Ifolder -Lfolder -lm3".
LIBRARIES := $(patsubst ENGINE_%,%,$(filter ENGINE_%,$(.VARIABLES)))

# Linked without -O, or clang would let binaryen change the module where that is installed.
$(BENCH)/%.wasm: bench/guests/%.c bench/guests/guest.h
	echo "GUEST  $@"
	mkdir -p $(@D)
	$(GUEST_CC) -c -o $(@:.wasm=.o) $< $(ASKED_FLAGS)
	clang --target=wasm32-wasi -o $@ $(@:.wasm=.o)

$(BENCH)/%: bench/guests/%.c bench/guests/guest.h
	echo "CC  $@"
	mkdir -p $(@D)
	$(NATIVE_CC) -o $@ $< -lm

# Modules of so many MB that call none of their functions, and those that call all.
$(BENCH)/load-%.wasm: bench/generate
	mkdir -p $(@D)
	bench/generate $* 0 $@

$(BENCH)/all-%.wasm: bench/generate
	mkdir -p $(@D)
	bench/generate $* 1 $@

$(BENCH)/load.wasm $(BENCH)/load_all.wasm: bench/generate
	mkdir -p $(@D)
	bench/generate 10 $(if $(findstring all,$@),1,0) $@

$(BENCH)/growth.wasm: bench/growth.wat
	mkdir -p $(@D)
	wat2wasm -o $@ $<

$(BENCH)/rusage: bench/rusage.c
	mkdir -p $(@D)
	$(CC) $(WARNINGS) -std=c11 -D_DEFAULT_SOURCE $(CFLAGS) -o $@ $<

$(BENCH)/embed $(BENCH)/growth: $(BENCH)/%: $(BUILD)/obj/bench/%.o $(LIBRARY)
	mkdir -p $(@D)
	$(CC) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BENCH)/suite-hostel: $(patsubst %,$(BUILD)/obj/bench/suite/%.o,main hostel) $(LIBRARY)
	mkdir -p $(@D)
	$(CC) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Made anew every time, for another tree or library may be meant. The build in another tree of ours
# is used by the headers that are there; wasm3 has an API of its own, others have the common one.
SUITE_CC = $(CC) $(WARNINGS) -std=c11 -D_POSIX_C_SOURCE=200809L $(CFLAGS)

# What counts the forms that are executed takes the place of vm_open.
$(BENCH)/forms-hostel: $(BUILD)/obj/main.o
$(BENCH)/forms-suite: $(patsubst %,$(BUILD)/obj/bench/suite/%.o,main hostel)
$(BENCH)/forms-%: $(BUILD)/obj/bench/forms.o $(LIBRARY)
	mkdir -p $(@D)
	$(CC) $(LINK_FLAGS) $(LDFLAGS) -Wl,--wrap=vm_open -o $@ $(filter %.o,$^) \
	    $(LIBRARY) $(LIBS)

$(BENCH)/suite-before: always
	mkdir -p $(@D)
	$(SUITE_CC) -I$(AGAINST) -I. -o $@ bench/suite/main.c bench/suite/hostel.c \
	    $(AGAINST)/build/all.a $(LIBS)

$(BENCH)/suite-%: always
	mkdir -p $(@D)
	$(SUITE_CC) -I. -o $@ bench/suite/main.c \
	    bench/suite/$(if $(filter wasm3%,$*),wasm3,wasm_c).c $(ENGINE_$*) -lm -pthread

BENCH_RUN = BUILD=$(BUILD) DATA=$(DATA) P="$(P)" B="$(B)" RUNS=$(RUNS) PEERS="$(PEERS)" CC="$(CC)" \
            AGAINST=$(AGAINST) LIBRARIES="$(LIBRARIES)" \
            BENCH_FLAGS="$(CFLAGS) $(HARDENING)" bench/run

bench: deps
	$(BENCH_RUN) check
	$(MAKE) all $(foreach part,$(or $(P),$(BENCH_PARTS)),$(BENCH_$(part)))
	$(BENCH_RUN)

bench-growth:
	$(MAKE) bench P=growth

bench-http: deps
	$(MAKE) all guests
	HOSTEL=$(BUILD)/hostel BUILD=$(BUILD) bench/http/run

bench-count: deps
	$(BENCH_RUN) check count
	$(MAKE) all $(BENCH_guests)
	UPDATE=$(UPDATE) $(BENCH_RUN) count

bench-forms: deps
	$(MAKE) $(BENCH_GUESTS_ALL) $(BENCH)/forms-hostel $(BENCH)/forms-suite
	BUILD=$(BUILD) DATA=$(DATA) B="$(B)" MODULES="$(MODULES)" python3 bench/forms.py

# ---- the tree ----

format:
	$(CLANG_FORMAT) -i $$(find . -path ./$(BUILD) -prune -o -name '*.[ch]' -print)

lint: all
	BUILD=$(BUILD) CLANG_FORMAT=$(CLANG_FORMAT) OBJDUMP=$(OBJDUMP) tests/lint

# Where shells look for what completes command lines. Built for another system, the program may need
# a RUN=emulator to print it.
COMPLETIONS = bash=bash-completion/completions/hostel zsh=zsh/site-functions/_hostel \
              fish=fish/vendor_completions.d/hostel.fish

install: all install-library
	$(INSTALL) -D -m 755 $(BUILD)/hostel $(DESTDIR)$(bindir)/hostel
	$(INSTALL) -D -m 644 hostel.1 $(DESTDIR)$(mandir)/man1/hostel.1
	$(INSTALL) -D -m 644 guest/http.h $(DESTDIR)$(includedir)/hostel/http.h
	$(INSTALL) -D -m 644 guest/http.rs $(DESTDIR)$(datadir)/hostel/http.rs
	for c in $(COMPLETIONS); do \
	    $(RUN) $(BUILD)/hostel completions $${c%=*} >$(BUILD)/completions || exit 1; \
	    $(INSTALL) -D -m 644 $(BUILD)/completions $(DESTDIR)$(datadir)/$${c#*=} || exit 1; \
	done

uninstall: uninstall-library
	rm -f $(DESTDIR)$(bindir)/hostel $(DESTDIR)$(mandir)/man1/hostel.1
	rm -f $(DESTDIR)$(includedir)/hostel/http.h $(DESTDIR)$(datadir)/hostel/http.rs
	rm -f $(foreach c,$(COMPLETIONS),$(DESTDIR)$(datadir)/$(lastword $(subst =, ,$c)))
	-rmdir $(DESTDIR)$(includedir)/hostel $(DESTDIR)$(datadir)/hostel

include base/library/rules.mk

# An archive of the sources: what git has, or in an archive of sources all that was not made.
VERSION := $(shell sed -n 's/^\#define HOSTEL_VERSION "\(.*\)"/\1/p' base/base.h)
ARCHIVE  = $(BUILD)/hostel-$(VERSION).tar.gz
MADE     = -path ./$(BUILD) -o -path ./guest/demo.wasm

dist:
	mkdir -p $(BUILD)
	{ git ls-files --error-unmatch Makefile >/dev/null 2>&1 && git ls-files; } >$(ARCHIVE).files || \
	    find . \( $(MADE) \) -prune -o -type f -print | sed 's,^\./,,' | sort >$(ARCHIVE).files
	tar -czf $(ARCHIVE) --owner=0 --group=0 --transform 's,^,hostel-$(VERSION)/,' \
	    -T $(ARCHIVE).files
	rm $(ARCHIVE).files
	echo "$(ARCHIVE)"

# Linked with the shared libraries, as REFERENCE.md says of packages; so it is a build of its own.
deb: deps-deb
	rm -rf $(BUILD)/deb/root
	$(MAKE) BUILD=$(BUILD)/deb STATIC= prefix=/usr DESTDIR=$(BUILD)/deb/root install \
	    libdir=/usr/lib/$$(dpkg-architecture -q DEB_HOST_MULTIARCH)
	BUILD=$(BUILD) tests/platforms/deb $(BUILD)/deb/root $(VERSION) \
	    $(if $(HTTP_OBJECTS),node-llhttp)

clean:
	rm -rf $(BUILD) guest/demo.wasm

# Costs next to nothing when all is there. Where nothing can be installed it says what to install;
# then `make -o deps test` and the like go on without.
deps:
	BUILD=$(BUILD) tests/platforms/deps

deps-fuzz deps-deb: deps-%: deps
	BUILD=$(BUILD) tests/platforms/deps $*

# Only where no Rust for WASI is at hand.
deps-rust: deps
	guest/rust/build --ready >/dev/null || BUILD=$(BUILD) tests/platforms/deps rust

help:
	echo "make            build $(BUILD)/hostel"
	echo "make CORE=1     the same without the VM's rings (vm/rings.h), in build/core; so for demo"
	echo "make demo       run the demo guest, G=c or G=rust, against a local httpbin over TLS"
	echo "make test       run all tests, or those that T names: a part (T=unit), one program of it"
	echo "                (T=unit/test_json), one check by the name it is shown with (T=cli/stdio/x), * for"
	echo "                anything (T=spec/i32*); of both builds, or of one: V=release, V=sanitized"
	echo "                The parts: $(PARTS)"
	echo "make check      the same, but install nothing before"
	echo "make listings   write into documents and comments what the commands they name print"
	echo "make suites     fetch the suites of WebAssembly, WASI and cookies to $(BUILD)/suites, from"
	echo "                SPEC_URL, WASI_SUITE_URL and COOKIES_URL if they are set"
	echo "make fuzz       try odd inputs on F=vm|idioms|dwarf|lcov|http|json|url|record for SECONDS=60"
	echo "make lint       check the layers, the formatting and the engine's machine code"
	echo "make format     let clang-format lay out all C files"
	echo "make bench      measure against other engines: P=\"$(BENCH_PARTS)\" B=\"crc32 sort\""
	echo "                RUNS=5 PEERS=\"wasm3 iwasm\" AGAINST=another/tree; bench/run says more"
	echo "make bench-growth  what loading, tables, instances and the like cost as they grow"
	echo "make bench-count  count instructions, compare with AGAINST, another tree that is built, or"
	echo "                bench/baseline.tsv (UPDATE=1: write it)"
	echo "make bench-forms  which forms for pins, and which pairs of cells, programs execute"
	echo "make bench-http   requests a second beside curl and Python, and what large bodies cost"
	echo "make library    build the libraries, to embed hostel in a program, in $(LIB)"
	echo "make install    install program and libraries to prefix ($(prefix)), under DESTDIR"
	echo "make uninstall  remove what install put there"
	echo "make clean      remove everything that was made"
	echo "make dist       an archive of the sources, $(ARCHIVE)"
	echo "make deb        Debian's packages of program and libraries, in $(BUILD)"
	echo "make deps       install what all this needs, or name it (demo and test do it first)"
	echo
	echo "variables: CC CPPFLAGS CFLAGS LDFLAGS AR PKG_CONFIG BUILD prefix DESTDIR T V F G SECONDS"
	echo "           STATIC= links the shared libraries"
	echo "           DATA ($(DATA)): suites that tests read and the project does not hold"

.PHONY: all always programs guests sanitized embedded test check guide listings suites demo fuzz bench bench-count bench-forms \
        bench-growth bench-http format lint install uninstall dist deb clean deps deps-fuzz deps-deb deps-rust help
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL = all

# Not cargo's, whose paths are another's.
-include $(shell find $(BUILD) -path $(BUILD)/rust -prune -o -type f -name '*.d' -print 2>/dev/null)
