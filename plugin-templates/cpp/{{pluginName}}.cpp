// The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
//
// A collector in C++. The line to the host is C: no exception and no object of the C++ library crosses it. Plugins in C++
// run in a process of their own.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>

#include <openclaw/emit.h>

namespace
{

// What an instance remembers between calls. C++ objects live behind a pointer: the host only zeroes the instance.
struct Memory {
    std::string last_folder;
    double last_bytes = 0;
};

struct Instance {
    const char *path; // option
    Memory *memory;
};

const oc_option options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(Instance, path),
     .help = "the folder that is looked at"},
    {},
};

// Runs `body` so that nothing is thrown across the line.
template <typename Body> int32_t guarded(oc_error *err, Body body) noexcept
{
    try {
        return body();
    } catch (const std::filesystem::filesystem_error &e) {
        return oc_fail(err, OC_E_CONFIG, "%s", e.code().message().c_str());
    } catch (const std::bad_alloc &) {
        return oc_fail(err, OC_E_RETRY, "out of memory");
    } catch (const std::exception &e) {
        return oc_fail(err, OC_E_INTERNAL, "%s", e.what());
    }
}

int32_t start(void *self, const oc_host *, oc_error *err)
{
    return guarded(err, [&]() -> int32_t {
        static_cast<Instance *>(self)->memory = new Memory;
        return OC_OK;
    });
}

void stop(void *self)
{
    delete static_cast<Instance *>(self)->memory;
}

// -1 for what is no file. A file may be gone since its folder was listed: then `problem` says so, and nothing is thrown.
double size_of_file(const std::filesystem::directory_entry &entry, std::error_code &problem)
{
    const bool regular = entry.is_regular_file(problem);
    return problem || !regular ? -1 : static_cast<double>(entry.file_size(problem));
}

int32_t collect(void *self, const oc_request *req, const oc_sink *out, oc_error *err)
{
    const auto *me = static_cast<const Instance *>(self);
    return guarded(err, [&]() -> int32_t {
        double files = 0, bytes = 0;
        for (const auto &entry : std::filesystem::directory_iterator(me->path)) {
            if (OC_CANCELLED(req)) {
                return oc_fail(err, OC_E_CANCELLED, "cancelled");
            }
            std::error_code problem;
            const double size = size_of_file(entry, problem);
            if (problem && problem != std::errc::no_such_file_or_directory) {
                throw std::filesystem::filesystem_error("cannot look at", entry.path(), problem);
            }
            if (!problem && size >= 0) {
                files += 1;
                bytes += size;
            }
        }
        oc_emit_gauge(out, "{{pluginIdentifier}}.files", files);
        oc_emit_gauge(out, "{{pluginIdentifier}}.size_bytes", bytes);
        const double grown =
            me->memory->last_folder == me->path ? bytes - me->memory->last_bytes : 0;
        me->memory->last_folder = me->path;
        me->memory->last_bytes = bytes;
        return oc_emit_status(out, "", OC_STATE_OK, "%.0f files, %+.0f bytes", files, grown);
    });
}

const oc_method methods[] = {{"collector.collect/1", collect}, {nullptr, nullptr}};

} // namespace

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(Instance),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
