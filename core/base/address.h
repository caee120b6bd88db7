/* What can be said of an IP address by its text. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_BASE_ADDRESS_H
#define OC_BASE_ADDRESS_H

#include <stdbool.h>

/* 127.0.0.0/8 and ::1. A name is no address, whatever it stands for. */
bool oc_address_is_loopback(const char *text);
/* Two addresses, however they are written. */
bool oc_address_same(const char *a, const char *b);

#endif
