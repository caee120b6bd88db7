/* Collector: processor, memory, disks, network of this machine. SPDX-License-Identifier: MIT */
#include "system.h"

#include <stdio.h>

static const struct oc_option options[] = {
    {.name = "root",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_ADVANCED,
     .offset = offsetof(struct oc_system, root),
     .default_text = "/",
     .help = "the folder below which proc and sys are found; /host when the machine's root is "
             "mounted there"},
    {.name = "per_core",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct oc_system, per_core),
     .default_text = "true",
     .help = "put out system.core_percent for every core"},
    {.name = "processes",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct oc_system, processes),
     .default_text = "count",
     .choices = "count|states|off",
     .help = "count the processes; states also reads the state of each, which costs time"},
    {.name = "network_filesystems",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct oc_system, network_filesystems),
     .default_text = "false",
     .help = "measure network file systems too; a server that is away then blocks the collector"},
    {.name = "mounts",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct oc_system, mount_names),
     .help = "measure only these mount points, of any type; unset means every local file system"},
    {.name = "interfaces",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct oc_system, interfaces),
     .help = "measure only network interfaces that match one of these patterns, such as eth*; "
             "unset means all but lo and veth*"},
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct oc_system *s = self;
    (void)host;
    if (!oc_system_open_files(s, err)) {
        oc_system_close_files(s);
        return err->code;
    }
    oc_system_cgroup_find(s);
    oc_system_prime_cpu(s);
    return OC_OK;
}

/* "cpu 12.0 %, memory 34.1 %, disk / 61 %" of what is known. Judging is for the rules. */
static void put_status(struct oc_system *s, struct oc_out *o, bool complete)
{
    char text[512];
    int n = 0;
    text[0] = '\0';
    if (s->cpu_percent >= 0) {
        n += snprintf(text, sizeof text, "cpu %.1f %%, ", s->cpu_percent);
    }
    if (s->memory_percent >= 0) {
        n += snprintf(text + n, sizeof text - (size_t)n, "memory %.1f %%, ", s->memory_percent);
    }
    if (s->fullest) {
        n += snprintf(text + n, sizeof text - (size_t)n, "disk %.256s %.0f %%, ", s->fullest,
                      s->disk_percent);
    }
    int32_t state = complete ? OC_STATE_OK : OC_STATE_UNKNOWN;
    if (o->code == OC_OK) {
        o->code = complete ? oc_emit_status(o->sink, "", state, "%.*s", n > 2 ? n - 2 : 0, text)
                           : oc_emit_status(o->sink, "", state,
                                            "%s/proc/stat or meminfo cannot be read", s->root);
    }
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct oc_system *s = self;
    struct oc_out o = {out, OC_OK};
    (void)req;
    s->round++;
    s->cpu_percent = s->memory_percent = s->disk_percent = -1;
    s->fullest = NULL;
    oc_system_uptime(s, &o); /* first: the others divide by the time since the last call */
    bool memory = oc_system_memory(s, &o);
    oc_system_load(s, &o);
    oc_system_descriptors(s, &o);
    oc_system_space(s, &o);
    oc_system_disk_io(s, &o);
    oc_system_network(s, &o);
    oc_system_pressure(s, &o);
    oc_system_cgroup(s, &o);
    bool cpu = oc_system_cpu(s, &o); /* last of the readings: the first call waits a moment here */
    oc_system_processes(s, &o);
    if (!memory && !cpu) {
        return oc_fail(err, OC_E_UNSUPPORTED, "neither stat nor meminfo can be read below %s/proc",
                       s->root);
    }
    put_status(s, &o, memory && cpu);
    return o.code;
}

static void stop(void *self)
{
    struct oc_system *s = self;
    oc_system_cgroup_close(s);
    oc_system_space_free(s);
    oc_rates_free(&s->disks);
    oc_rates_free(&s->nets);
    oc_system_cpu_free(s);
    oc_system_close_files(s);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct oc_system),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
