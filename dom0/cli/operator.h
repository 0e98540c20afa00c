/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the operator from other threads than the prompt's, in between what is typed. */
#ifndef DOM0_CLI_OPERATOR_H
#define DOM0_CLI_OPERATOR_H

/* One line, without its end. If the prompt is shown, it is shown again below. Any thread. */
void operator_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
