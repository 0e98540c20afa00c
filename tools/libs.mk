# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries built from the distribution's sources.

# fetched(kind,package): the order-only prerequisite that downloads and unpacks a package
fetched = $(FETCH)/$(1)/$(2)

$(FETCH)/deb/% $(FETCH)/src/%: | $(SETUP_BUILD)
	$(Q)tools/fetch.sh $(FETCH) $(notdir $(@D)) $* $(FETCH_FILES_$*)

# newlib, for everything that runs on pvguest/
.PHONY: newlib
newlib: $(NEWLIB_READY)
$(NEWLIB_READY): tools/newlib.sh | $(call fetched,deb,newlib-source)
	$(Q)tools/newlib.sh $(NEWLIB) $(FETCH)/deb/newlib-source/usr/src/newlib/newlib-*.tar.xz
	$(Q)touch $@

# The decoders of liblzma and zlib, twice: as plain libraries for dom0, and wrapped up for the
# hypervisor (tools/unpack/unpack.h), where one object exports one function.
XZ_SOURCE := $(FETCH)/src/xz-utils/src
ZLIB_SOURCE := $(FETCH)/src/zlib
XZ_FILES := $(addprefix liblzma/,$(addprefix common/,common.c block_util.c filter_common.c \
	stream_flags_common.c vli_size.c block_buffer_decoder.c block_decoder.c \
	block_header_decoder.c filter_decoder.c filter_flags_decoder.c index_hash.c \
	stream_buffer_decoder.c stream_decoder.c stream_flags_decoder.c vli_decoder.c) \
	$(addprefix check/,check.c crc32_table.c crc32_fast.c crc64_table.c crc64_fast.c) \
	lzma/lzma_decoder.c lzma/lzma2_decoder.c \
	simple/simple_coder.c simple/simple_decoder.c simple/x86.c)
ZLIB_FILES := inflate.c inftrees.c inffast.c adler32.c crc32.c zutil.c
XZ_INCLUDES := -DHAVE_CONFIG_H -Itools/unpack -I$(XZ_SOURCE)/common \
	$(addprefix -I$(XZ_SOURCE)/liblzma/,api common check lz lzma simple rangecoder delta)
# Other people's code: their warnings are theirs.
LIBS_CFLAGS := -std=gnu11 -O2 -w -DNDEBUG -ffreestanding -mno-red-zone -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -MMD -MP

LIBS_GUEST := $(B)/libs/guest
LIBS_GUEST_CFLAGS := $(LIBS_CFLAGS) -fno-pic -fno-pie -ffunction-sections -fdata-sections \
	-nostdinc -isystem $(NEWLIB)/include -isystem $(shell gcc -print-file-name=include)
LIBS_HYPERVISOR := $(B)/libs/hypervisor
LIBS_HYPERVISOR_CFLAGS := $(LIBS_CFLAGS) -DUNPACK_FREESTANDING -DZ_SOLO -fpie -mcmodel=small \
	-include tools/unpack/hidden.h -mno-sse -mno-mmx -mno-80387

define lib_rules
$(B)/libs/$(1)/xz/%.o: | $$(SETUP_BUILD) $(call fetched,src,xz-utils) $(3)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) $$(XZ_INCLUDES) -MF $$@.d -c -o $$@ $$(XZ_SOURCE)/$$*.c
$(B)/libs/$(1)/zlib/%.o: | $$(SETUP_BUILD) $(call fetched,src,zlib) $(3)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) -I$$(ZLIB_SOURCE) -MF $$@.d -c -o $$@ $$(ZLIB_SOURCE)/$$*.c
endef
$(eval $(call lib_rules,guest,$$(LIBS_GUEST_CFLAGS),$$(NEWLIB_READY)))
$(eval $(call lib_rules,hypervisor,$$(LIBS_HYPERVISOR_CFLAGS)))

$(LIBS_GUEST)/liblzma.a: $(patsubst %.c,$(LIBS_GUEST)/xz/%.o,$(XZ_FILES) liblzma/lz/lz_decoder.c)
$(LIBS_GUEST)/libz.a: $(ZLIB_FILES:%.c=$(LIBS_GUEST)/zlib/%.o)
$(LIBS_GUEST)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# Linked with each test and with the hypervisor: only unpack() is seen, whatever else is inside.
UNPACK_LIB := $(LIBS_HYPERVISOR)/libunpack.a
UNPACK_OBJS := $(patsubst %.c,$(LIBS_HYPERVISOR)/xz/%.o,$(XZ_FILES)) \
	$(ZLIB_FILES:%.c=$(LIBS_HYPERVISOR)/zlib/%.o) \
	$(LIBS_HYPERVISOR)/unpack.o $(LIBS_HYPERVISOR)/single_call.o
$(LIBS_HYPERVISOR)/%.o: tools/unpack/%.c | $(SETUP_BUILD) \
		$(call fetched,src,xz-utils) $(call fetched,src,zlib)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -w,$(LIBS_HYPERVISOR_CFLAGS)) -Wall -Wextra $(XZ_INCLUDES) \
		-I$(ZLIB_SOURCE) -c -o $@ $<
$(UNPACK_LIB): $(UNPACK_OBJS)
	$(call say,AR,$@)
	$(Q)ld -r -o $(@D)/all.o $^
	$(Q)objcopy --keep-global-symbol=unpack $(@D)/all.o
	$(Q)rm -f $@ && ar rcs $@ $(@D)/all.o

# The simple ones of newlib's string functions, straight from its sources, for the hypervisor.
STRING_SOURCE := $(B)/libs/newlib
STRING_OBJS := $(patsubst %,$(LIBS_HYPERVISOR)/string/%.o,memcmp strchr strcmp strlcpy strlen strncmp strstr)
$(STRING_SOURCE): | $(call fetched,deb,newlib-source)
	$(Q)rm -rf $@.new && mkdir -p $@.new
	$(Q)tar -x -C $@.new --strip-components=3 --wildcards -f \
		$(FETCH)/deb/newlib-source/usr/src/newlib/newlib-*.tar.xz \
		'*/newlib/libc/string/*.c' '*/newlib/libc/include'
	$(Q)touch $@.new/include/newlib.h $@.new/include/_newlib_version.h
	$(Q)mv $@.new $@
$(LIBS_HYPERVISOR)/string/%.o: | $(STRING_SOURCE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LIBS_HYPERVISOR_CFLAGS) -DPREFER_SIZE_OVER_SPEED -nostdinc -I$(STRING_SOURCE)/include \
		-isystem $(shell $(CC) -print-file-name=include) -c -o $@ $(STRING_SOURCE)/string/$*.c

# lwIP, for guests that speak TCP/IP: its core, sockets, IPv4 and Ethernet, and the port in
# pvguest/lwip/.
LWIP_SOURCE := $(FETCH)/src/lwip/src
LWIP_FILES := $(addprefix core/,def.c dns.c inet_chksum.c init.c ip.c mem.c memp.c netif.c pbuf.c \
	raw.c stats.c sys.c tcp.c tcp_in.c tcp_out.c timeouts.c udp.c \
	$(addprefix ipv4/,dhcp.c etharp.c icmp.c ip4_frag.c ip4.c ip4_addr.c)) \
	$(addprefix api/,api_lib.c api_msg.c err.c if_api.c netbuf.c netdb.c netifapi.c sockets.c tcpip.c) \
	netif/ethernet.c
LWIP_INCLUDES := -Ipvguest/lwip -isystem $(LWIP_SOURCE)/include
$(LIBS_GUEST)/lwip/%.o: pvguest/lwip/lwipopts.h pvguest/lwip/hooks.h pvguest/lwip/arch/cc.h | $(SETUP_BUILD) \
		$(call fetched,src,lwip) $(NEWLIB_READY)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LIBS_GUEST_CFLAGS) $(PV_CPPFLAGS) $(LWIP_INCLUDES) -MF $@.d -c -o $@ \
		$(LWIP_SOURCE)/$*.c
$(LIBS_GUEST)/liblwip.a: $(LWIP_FILES:%.c=$(LIBS_GUEST)/lwip/%.o)

# libext2fs, with which dom0 finds out where in a file system an image file lies: the files that read,
# and nothing that writes (tools/ext2fs/unused.c). For dom0; for unit tests; for a fuzzer.
E2FS_SOURCE := $(FETCH)/src/e2fsprogs/lib
E2FS_FILES := bitops blknum block crc16 crc32c csum dir_iterate dirblock extent freefs i_block ind_block \
	inline inode io_manager lookup openfs
E2FS_MADE := $(B)/libs/ext2fs
E2FS_INCLUDES := -Itools/ext2fs -isystem $(E2FS_MADE) -isystem $(E2FS_SOURCE)
LIBS_HOST_CFLAGS := -std=gnu11 -g -O1 -w -DNDEBUG -ffunction-sections -fdata-sections -fno-omit-frame-pointer -MMD -MP

# Error numbers and their texts, by the scripts that com_err has for that.
$(E2FS_MADE)/ext2fs/ext2_err.h $(E2FS_MADE)/ext2_err.c &: | $(SETUP_BUILD) $(call fetched,src,e2fsprogs)
	$(call say,GEN,$(E2FS_MADE)/ext2_err.c)
	$(Q)mkdir -p $(E2FS_MADE)/ext2fs
	$(Q)awk -f $(E2FS_SOURCE)/et/et_h.awk outfile=$(E2FS_MADE)/ext2fs/ext2_err.h outfn=ext2_err.h \
		$(E2FS_SOURCE)/ext2fs/ext2_err.et.in
	$(Q)awk -f $(E2FS_SOURCE)/et/et_c.awk outfile=$(E2FS_MADE)/ext2_err.c outfn=ext2_err.c \
		$(E2FS_SOURCE)/ext2fs/ext2_err.et.in

# ext2fs_rules(kind,compiler,flags,prerequisite)
define ext2fs_rules
$(B)/libs/$(1)/ext2fs/%.o: $(E2FS_MADE)/ext2_err.c tools/ext2fs/config.h | $$(SETUP_BUILD) $(4)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(2) $(3) $$(E2FS_INCLUDES) -I$$(E2FS_SOURCE)/ext2fs -MF $$@.d -c -o $$@ \
		$$(firstword $$(wildcard tools/ext2fs/$$*.c) $$(wildcard $$(E2FS_MADE)/$$*.c) $$(E2FS_SOURCE)/ext2fs/$$*.c)
$(B)/libs/$(1)/libext2fs.a: $(patsubst %,$(B)/libs/$(1)/ext2fs/%.o,$(E2FS_FILES) ext2_err unused)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(eval $(call ext2fs_rules,guest,$$(CC),$$(LIBS_GUEST_CFLAGS),$$(NEWLIB_READY)))
$(eval $(call ext2fs_rules,unit,$$(CC),$$(LIBS_HOST_CFLAGS) -fsanitize=address))
$(eval $(call ext2fs_rules,fuzz,clang,$$(LIBS_HOST_CFLAGS) -fsanitize=fuzzer-no-link -fsanitize=address,$$(SETUP_TEST)))

.PHONY: libs
libs: $(LIBS_GUEST)/liblzma.a $(LIBS_GUEST)/libz.a $(UNPACK_LIB)
-include $(wildcard $(LIBS_HYPERVISOR)/*.d)
