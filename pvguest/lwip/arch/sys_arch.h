/* SPDX-License-Identifier: MIT */
/* lwIP's semaphores, mutexes, mailboxes and threads are the SDK's. NULL: not valid. */
#ifndef LWIP_ARCH_SYS_ARCH_H
#define LWIP_ARCH_SYS_ARCH_H

typedef struct pv_semaphore *sys_sem_t;
typedef struct pv_mutex *sys_mutex_t;
typedef struct mailbox *sys_mbox_t;
typedef struct pv_thread *sys_thread_t;

#endif
