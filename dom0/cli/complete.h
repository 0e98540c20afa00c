/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Tab offers at the prompt: commands, domains, configurations, disks, and image files on
 * disks. */
#ifndef DOM0_CLI_COMPLETE_H
#define DOM0_CLI_COMPLETE_H

/* The editor's hook `candidate` (editor.h). Reads a disk where a path on it is asked for: waits. */
const char *complete_candidate(void *context, const char *line, size_t start, unsigned int index);

#endif
