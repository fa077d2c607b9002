# The library: what a program that embeds hostel links, includes and asks pkg-config for.
#
#   library/libhostel.a .so.N       all of it: the VM, WASI, the HTTP client, the imports of module host
#   library/libhostel-vm.a .so.N    the VM and WASI alone, which need nothing but the C library
#   library/include/hostel/*.h      base/library/header makes them
#   library/*.pc
#
# Inside, hostel's functions have short names, some 600 of them. So the objects of a library are first
# made one, in which all names that are not public become local, and those that are get their prefix;
# this takes objcopy, of GNU's binutils or LLVM's. Both forms of a library are made of that one
# object: no list tells the linker what to export.

OBJCOPY ?= objcopy
libdir  = $(exec_prefix)/lib
SONAME  = 3

LIB_FOLDERS  = base vm $(RINGS:%=vm/%) wasi
LIB_VM       = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(LIB_FOLDERS:=/*.c)))
LIB_ALL      = $(LIB_VM) $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard net/*.c json/*.c) imports.c messages.c) \
               $(HTTP_OBJECTS)
LIB_HEADERS  = base/base.h vm/vm.h wasi/wasi.h net/net.h imports.h
LIB          = $(BUILD)/library
LIB_INCLUDES = $(patsubst %,$(LIB)/include/hostel/%,$(notdir $(LIB_HEADERS)))
LIB_NAMES    = hostel hostel-vm
LIB_MADE     = $(foreach name,$(LIB_NAMES),$(LIB)/lib$(name).a $(LIB)/lib$(name).so.$(SONAME) $(LIB)/$(name).pc)

# Shared libraries are linked by the shared one: their updates then reach it.
LIB_TLS = $(HTTP_LIBS) -lmbedtls -lmbedx509 -lmbedcrypto -lpsl

library: $(LIB_MADE) $(LIB_INCLUDES)

$(LIB)/hostel.o:    $(LIB_ALL)
$(LIB)/hostel-vm.o: $(LIB_VM)
$(LIB)/libhostel.so.$(SONAME): LIB_LINKS = $(LIB_TLS)
$(LIB)/hostel.pc: LIB_LINKS = $(LIB_TLS) $(filter-out $(LIB_TLS),$(STATIC:%=-l%))
$(LIB)/hostel.pc: LIB_TEXT = WebAssembly with WASI, and HTTP for guests and hosts
$(LIB)/hostel-vm.pc: LIB_TEXT = WebAssembly with WASI

# Names that are public, by their old ones and their new ones.
$(LIB)/renamed: base/library/public
	mkdir -p $(@D)
	sed -n 's/^[a-z].*/& hostel_&/p' $< >$@

$(LIB)/kept: $(LIB)/renamed
	sed 's/.* //' $< >$@

# With link-time optimization it is here that the objects become machine code.
LTO = $(if $(findstring -flto,$(CFLAGS)),$(CFLAGS) $(if $(IS_CLANG),-fuse-ld=lld,-flinker-output=nolto-rel))

$(LIB)/%.o: $(LIB)/renamed $(LIB)/kept
	echo "LINK  $@"
	$(CC) $(LTO) -r -nostdlib -o $@ $(filter %.o,$^)
	$(OBJCOPY) --redefine-syms=$(LIB)/renamed $@
	$(OBJCOPY) --keep-global-symbols=$(LIB)/kept $@

$(LIB)/lib%.a: $(LIB)/%.o
	rm -f $@ && $(AR) rcs $@ $^

$(LIB)/lib%.so.$(SONAME): $(LIB)/%.o
	echo "LINK  $@"
	$(CC) -shared -Wl,-soname,$(@F) -Wl,-z,defs,-z,relro,-z,now $(LDFLAGS) -o $@ $< $(LIB_LINKS) -lm -pthread

$(LIB_INCLUDES): $(LIB)/include/hostel/%.h: base/library/header
	mkdir -p $(@D)
	base/library/header $(filter %/$*.h $*.h,$(LIB_HEADERS)) >$@

$(foreach h,$(LIB_HEADERS),$(eval $(LIB)/include/hostel/$(notdir $h): $h))
$(LIB)/include/hostel/vm.h: $(wildcard vm/*/api.h)

# Each time: whoever installs may say another place than who built.
$(LIB)/%.pc: always
	mkdir -p $(@D)
	printf '%s\n' 'prefix=$(prefix)' 'exec_prefix=$(exec_prefix)' 'libdir=$(libdir)' \
	    'includedir=$(includedir)' '' 'Name: $*' 'Description: $(LIB_TEXT)' 'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -l$*' \
	    'Libs.private: $(strip $(LIB_LINKS) -lm -pthread)' >$@

install-library: library
	for name in $(LIB_NAMES); do \
	    $(INSTALL) -D -m 644 $(LIB)/lib$$name.a $(DESTDIR)$(libdir)/lib$$name.a && \
	    $(INSTALL) -D -m 755 $(LIB)/lib$$name.so.$(SONAME) $(DESTDIR)$(libdir)/lib$$name.so.$(SONAME) && \
	    ln -sf lib$$name.so.$(SONAME) $(DESTDIR)$(libdir)/lib$$name.so && \
	    $(INSTALL) -D -m 644 $(LIB)/$$name.pc $(DESTDIR)$(libdir)/pkgconfig/$$name.pc || exit 1; \
	done
	for header in $(LIB_INCLUDES); do \
	    $(INSTALL) -D -m 644 $$header $(DESTDIR)$(includedir)/hostel/$${header##*/} || exit 1; \
	done

uninstall-library:
	for name in $(LIB_NAMES); do \
	    rm -f $(DESTDIR)$(libdir)/lib$$name.a $(DESTDIR)$(libdir)/lib$$name.so* \
	        $(DESTDIR)$(libdir)/pkgconfig/$$name.pc; \
	done
	rm -f $(patsubst %,$(DESTDIR)$(includedir)/hostel/%,$(notdir $(LIB_HEADERS)))

.PHONY: library install-library uninstall-library always
