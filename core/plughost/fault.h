/* The last words of a plugin process. SPDX-License-Identifier: MIT
 *
 * Order of use: oc_fault_install once (before any right is given up), oc_fault_learn after the plugin's library was opened,
 * oc_fault_method around each call. The handler itself makes no system call but the ones that end the process, so it works
 * under every profile of rights. */
#ifndef OC_PLUGHOST_FAULT_H
#define OC_PLUGHOST_FAULT_H

#include "core/plugin/process/fault.h"

/* Handlers for SEGV, BUS, FPE, ILL, SYS and ABRT on a stack of their own, which is that of the calling thread; `record` lies in
 * memory that the daemon maps too, and stays valid. Other threads call oc_fault_thread to have a stack of their own. */
void oc_fault_install(struct oc_fault_record *record);
/* For a further thread: without it an overflow of its stack ends the process without a record. The stack is never freed. */
void oc_fault_thread(void);
/* Writes down which modules are mapped where; `plugin` is any address within the plugin's library (its entry). */
void oc_fault_learn(const void *plugin);
/* The method that runs from now on in this process, NULL between calls; the text must stay valid. */
void oc_fault_method(const char *id);

#endif
