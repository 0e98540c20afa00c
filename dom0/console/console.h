/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The consoles of the guests: each guest's ring is emptied into a scrollback of bounded size by the
 * multiplexer's thread, and one of them at a time can be attached to the operator's terminal
 * (cli/terminal.h). Errors are negative XEN_E… numbers.
 */
#ifndef DOM0_CONSOLE_CONSOLE_H
#define DOM0_CONSOLE_CONSOLE_H

#include <stddef.h>
#include <xen/xen.h>
#include <xen/event_channel.h>

/* Start the thread. Called once, before the first guest. Returns 0 or negative. */
int console_start(void);

/*
 * Serve a guest: mfn is its console page, port the unbound port that it keeps for dom0.
 * Returns 0 or negative, and then nothing is kept.
 */
int console_connect(domid_t domid, unsigned long mfn, evtchn_port_t port);

/*
 * Stop serving a guest, after taking what it had still written: mapping and port are gone on
 * return, its scrollback too. Who is attached to it is sent back to the prompt. Harmless if not
 * connected.
 */
void console_disconnect(domid_t domid);

/*
 * Connect the operator's terminal with a guest: show the scrollback, then what comes; hand on what
 * is typed. Runs on the prompt's thread until Ctrl-] is typed (returns 0) or the guest's console is
 * disconnected (returns 1). -XEN_ENOENT if it is not connected.
 */
int console_attach(domid_t domid);

/* Show the scrollback (its last `lines` lines; 0: all of it) on the operator's terminal. 0 or
 * -XEN_ENOENT. */
int console_show(domid_t domid, unsigned int lines);

#endif
