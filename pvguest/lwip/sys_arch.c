/* SPDX-License-Identifier: MIT */
/* What lwIP asks of an operating system. */
#include <stdlib.h>
#include <lwip/sys.h>
#include <pv/start.h>
#include <pv/thread.h>
#include <pv/time.h>

void sys_init(void)
{
}

u32_t sys_now(void)
{
	return (u32_t)(pv_time_ns() / PV_NS_PER_MS);
}

/* 0 milliseconds: for ever. */
static uint64_t deadline_after(u32_t milliseconds)
{
	return milliseconds ? pv_time_ns() + milliseconds * PV_NS_PER_MS : PV_FOREVER;
}

/* Wait; the milliseconds that it took, or SYS_ARCH_TIMEOUT. */
static u32_t down(struct pv_semaphore *semaphore, u32_t milliseconds)
{
	u32_t start = sys_now();

	if (!pv_semaphore_down_until(semaphore, deadline_after(milliseconds)))
		return SYS_ARCH_TIMEOUT;
	return sys_now() - start;
}

err_t sys_sem_new(sys_sem_t *semaphore, u8_t count)
{
	*semaphore = calloc(1, sizeof(**semaphore));
	if (*semaphore)
		(*semaphore)->count = count;
	return *semaphore ? ERR_OK : ERR_MEM;
}

void sys_sem_signal(sys_sem_t *semaphore)
{
	pv_semaphore_up(*semaphore);
}

u32_t sys_arch_sem_wait(sys_sem_t *semaphore, u32_t milliseconds)
{
	return down(*semaphore, milliseconds);
}

void sys_sem_free(sys_sem_t *semaphore)
{
	free(*semaphore);
}

int sys_sem_valid(sys_sem_t *semaphore)
{
	return *semaphore != NULL;
}

void sys_sem_set_invalid(sys_sem_t *semaphore)
{
	*semaphore = NULL;
}

err_t sys_mutex_new(sys_mutex_t *mutex)
{
	*mutex = calloc(1, sizeof(**mutex));
	return *mutex ? ERR_OK : ERR_MEM;
}

void sys_mutex_lock(sys_mutex_t *mutex)
{
	pv_mutex_lock(*mutex);
}

void sys_mutex_unlock(sys_mutex_t *mutex)
{
	pv_mutex_unlock(*mutex);
}

void sys_mutex_free(sys_mutex_t *mutex)
{
	free(*mutex);
}

/* --- mailboxes: a ring of messages, with semaphores that count messages and room ----------------
 */

struct mailbox {
	struct pv_semaphore messages, room;
	unsigned int head, tail, size;
	void *message[];
};

err_t sys_mbox_new(sys_mbox_t *mailbox, int size)
{
	*mailbox = calloc(1, sizeof(**mailbox) + (size_t)size * sizeof(void *));
	if (!*mailbox)
		return ERR_MEM;
	(*mailbox)->size = (*mailbox)->room.count = (unsigned int)size;
	return ERR_OK;
}

static void put(struct mailbox *mailbox, void *message)
{
	mailbox->message[mailbox->tail++ % mailbox->size] = message;
	pv_semaphore_up(&mailbox->messages);
}

static void take(struct mailbox *mailbox, void **message)
{
	void *first = mailbox->message[mailbox->head++ % mailbox->size];

	if (message)
		*message = first;
	pv_semaphore_up(&mailbox->room);
}

void sys_mbox_post(sys_mbox_t *mailbox, void *message)
{
	pv_semaphore_down(&(*mailbox)->room);
	put(*mailbox, message);
}

err_t sys_mbox_trypost(sys_mbox_t *mailbox, void *message)
{
	if (!pv_semaphore_down_until(&(*mailbox)->room, 0))
		return ERR_MEM;
	put(*mailbox, message);
	return ERR_OK;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *mailbox, void *message)
{
	return sys_mbox_trypost(mailbox, message);
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *mailbox, void **message, u32_t milliseconds)
{
	u32_t waited = down(&(*mailbox)->messages, milliseconds);

	if (waited != SYS_ARCH_TIMEOUT)
		take(*mailbox, message);
	return waited;
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mailbox, void **message)
{
	if (!pv_semaphore_down_until(&(*mailbox)->messages, 0))
		return SYS_MBOX_EMPTY;
	take(*mailbox, message);
	return 0;
}

void sys_mbox_free(sys_mbox_t *mailbox)
{
	free(*mailbox);
}

int sys_mbox_valid(sys_mbox_t *mailbox)
{
	return *mailbox != NULL;
}

void sys_mbox_set_invalid(sys_mbox_t *mailbox)
{
	*mailbox = NULL;
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn function, void *argument,
			    int stack_bytes, int priority)
{
	struct pv_thread *thread = pv_thread_create(name, function, argument, 0);

	(void)stack_bytes, (void)priority;
	if (!thread)
		pv_panic("no memory for lwIP's thread %s", name);
	pv_thread_detach(thread);
	return thread;
}
