/* SPDX-License-Identifier: MIT */
/* How lwIP is built for guests: sockets and the raw interface, IPv4, one card or several. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* Threads are cooperative, and nothing of lwIP runs in event handlers: allocations need no lock. */
#define NO_SYS			      0
#define SYS_LIGHTWEIGHT_PROT	      0
#define LWIP_TCPIP_CORE_LOCKING	      1
#define LWIP_TCPIP_CORE_LOCKING_INPUT 1
/* Frames that were sent under the lock are then shown to the other end all at once. */
void pv_lwip_unlock(void);
#define LOCK_TCPIP_CORE()	  sys_mutex_lock(&lock_tcpip_core)
#define UNLOCK_TCPIP_CORE()	  pv_lwip_unlock()
#define TCPIP_THREAD_STACKSIZE	  0 /* the SDK's default */
#define TCPIP_MBOX_SIZE		  256
#define DEFAULT_ACCEPTMBOX_SIZE	  64
#define DEFAULT_TCP_RECVMBOX_SIZE 256
#define DEFAULT_UDP_RECVMBOX_SIZE 64

#define LWIP_IPV4	    1
#define LWIP_IPV6	    0
#define LWIP_DHCP	    1
#define LWIP_DNS	    1
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_NETIF_HOSTNAME 1
#define ETH_PAD_SIZE	    0

#define LWIP_SOCKET		    1
#define LWIP_NETCONN		    1
#define LWIP_COMPAT_SOCKETS	    0 /* lwip_socket() …: read() and close() are newlib's */
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_TIMEVAL_PRIVATE	    0
#define LWIP_SO_RCVTIMEO	    1
#define LWIP_SO_SNDTIMEO	    1
#define SO_REUSE		    1
#define LWIP_ERRNO_STDINCLUDE	    1

#define MEM_LIBC_MALLOC		 1
#define MEM_ALIGNMENT		 8
#define MEMP_NUM_NETCONN	 60
#define MEMP_NUM_TCP_PCB	 64
#define MEMP_NUM_TCP_PCB_LISTEN	 8
#define MEMP_NUM_TCP_SEG	 4096
#define MEMP_NUM_PBUF		 1024
#define MEMP_NUM_TCPIP_MSG_INPKT 256
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_SIZE		 1024
#define PBUF_POOL_BUFSIZE	 1536 /* a frame in one piece */

#define TCP_MSS			 1460 /* as is said to others; see large.c */
#define LWIP_WND_SCALE		 1
#define TCP_RCV_SCALE		 2
#define TCP_WND			 (128 * 1024)
#define TCP_WND_UPDATE_THRESHOLD (TCP_WND / 2) /* an answer to each packet says more as it is */
#define TCP_SND_BUF		 (128 * 1024)
#define TCP_SND_QUEUELEN	 (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_SNDLOWAT		 (32 * 1024)
#define TCP_SNDQUEUELOWAT	 64
#define TCP_LISTEN_BACKLOG	 1

/* The card's flags say for each frame what is to be checked; TCP and UDP are sent unsummed. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#define LWIP_STATS 0

#define LWIP_HOOK_FILENAME "hooks.h"

#endif
