/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table of facts; facts.inc is made from our headers, by values.awk and types.awk. */
#include "both.h"
#include "facts.h"

#define STRING_(...)	      #__VA_ARGS__
#define STRING(...)	      STRING_(__VA_ARGS__)
#define NUMBER(name)	      {#name, NULL, (long long)(name), 0, 0},
#define TEXT(name)	      {#name, name, 0, 0, 0},
#define WORDS(name)	      {#name, STRING(name), 0, 0, 0},
#define MISSING(name)	      {#name, NULL, 0, 0, 1},
#define SIZE(type)	      {"sizeof(" #type ")", NULL, sizeof(type), 0, 0},
#define FLEXIBLE(type, field) {#type "." #field, NULL, offsetof(type, field), 0, 0},
#define FIELD(type, field)                                                                         \
	{#type "." #field, NULL, offsetof(type, field), sizeof(((type *)0)->field), 0},

static const struct fact facts[] = {
#include "facts.inc"
};

const struct fact_table ON_THIS_SIDE(facts) = {facts, sizeof(facts) / sizeof(facts[0])};
