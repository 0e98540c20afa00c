/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's network device, as one item of vif=[ … ] and the words of network-attach describe it.
 */
#ifndef DOM0_CONFIG_VIF_H
#define DOM0_CONFIG_VIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIF_BRIDGE_LENGTH  16
#define VIF_MAC_TEXT	   18 /* 00:16:3e:12:34:56 and the zero */
#define VIF_DEFAULT_BRIDGE "xenbr0"

struct vif_config {
	uint8_t mac[6]; /* all zero: dom0 chooses */
	char bridge[VIF_BRIDGE_LENGTH];
	uint64_t rate_bytes;	/* in each interval, from the guest; 0: no limit */
	uint32_t rate_interval; /* microseconds */
	bool antispoof;		/* it may only send from its own address */
};

/* A device of which nothing is said. */
void vif_config_init(struct vif_config *vif);

/*
 * Take over "key=value,key=value…". NULL, or what is wrong with it: a sentence that lives until the
 * next call.
 */
const char *vif_config_parse(struct vif_config *vif, const char *text);

/* Six hexadecimal bytes with colons; a single device's, not a group's. */
bool vif_parse_mac(const char *text, uint8_t mac[6]);
void vif_format_mac(const uint8_t mac[6], char text[VIF_MAC_TEXT]);
bool vif_mac_is_zero(const uint8_t mac[6]);

/* As xl has it: 10Mb/s, 250KB/s, 1MB/s@20ms. False: it is no such thing. */
bool vif_parse_rate(const char *text, uint64_t *bytes, uint32_t *interval);

#endif
