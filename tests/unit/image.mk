# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of abi/image: the reader of kernels and the layout of a new domain.
UNIT += image image_layout
UNIT_image := $(IMAGE_SOURCES)
UNIT_image_layout := abi/image/layout.c
