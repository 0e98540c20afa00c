/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What liblzma's sources want to know: decoders only, no threads, an x86-64 compiler. */
#define HAVE_STDBOOL_H		     1
#define HAVE_STDINT_H		     1
#define HAVE_INTTYPES_H		     1
#define HAVE_DECODERS		     1
#define HAVE_DECODER_LZMA1	     1
#define HAVE_DECODER_LZMA2	     1
#define HAVE_DECODER_X86	     1
#define HAVE_CHECK_CRC32	     1
#define HAVE_CHECK_CRC64	     1
#define HAVE_VISIBILITY		     0
#define HAVE___BUILTIN_BSWAPXX	     1
#define SIZEOF_SIZE_T		     8
#define TUKLIB_FAST_UNALIGNED_ACCESS 1
#define PACKAGE_BUGREPORT	     ""
#define PACKAGE_NAME		     "liblzma"
#define PACKAGE_URL		     ""

#ifdef UNPACK_FREESTANDING
/* All memory comes from the caller's allocator; what would be taken elsewhere is not there. */
#include <stdlib.h>
static inline void *no_memory(void)
{
	return NULL;
}
static inline void no_free(void *memory)
{
	(void)memory;
}
#define malloc(size)	    no_memory()
#define calloc(count, size) no_memory()
#define free		    no_free /* also renames the field of struct lzma_allocator */
#endif
