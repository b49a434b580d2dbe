#include "spec.hpp"

#include <stdio.h>
#include <string.h>

#include "text.hpp"

namespace drover::shim {

namespace {

// The value when `entry` has this key, else null.
const char* value_of(const char* entry, const char* key) {
    const size_t length = strlen(key);
    return strncmp(entry, key, length) == 0 && entry[length] == '=' ? entry + length + 1 : nullptr;
}

bool add(const char** list, int* count, int limit, const char* value) {
    if (*count == limit) return false;
    list[(*count)++] = value;
    return true;
}

bool add_group(Spec* out, const char* value) {
    uint64_t number = 0;
    if (out->group_count == kMaxGroups || !parse_number(value, UINT32_MAX, &number)) return false;
    out->groups[out->group_count++] = static_cast<gid_t>(number);
    return true;
}

bool set_uid(Spec* out, const char* value) {
    uint64_t number = 0;
    out->has_user = parse_number(value, UINT32_MAX, &number);
    out->uid = static_cast<uid_t>(number);
    return out->has_user;
}

bool set_gid(Spec* out, const char* value) {
    uint64_t number = 0;
    const bool good = parse_number(value, UINT32_MAX, &number);
    out->gid = static_cast<gid_t>(number);
    return good;
}

bool set_delay(Spec* out, const char* value) {
    uint64_t number = 0;
    const bool good = parse_number(value, INT64_MAX / 2, &number);
    out->start_delay_ns = static_cast<int64_t>(number);
    return good;
}

bool take(Spec* out, const char* entry) {
    const char* v = nullptr;
    if ((v = value_of(entry, "id"))) return (out->id = v) && strlen(v) < 104;
    if ((v = value_of(entry, "task"))) return (out->task = v) && strlen(v) <= 128 && !strchr(v, '/');
    if ((v = value_of(entry, "work_dir"))) return (out->work_dir = v) && *v == '/';
    if ((v = value_of(entry, "log_dir"))) return (out->log_dir = v) && *v == '/';
    if ((v = value_of(entry, "uid"))) return set_uid(out, v);
    if ((v = value_of(entry, "gid"))) return set_gid(out, v);
    if ((v = value_of(entry, "group"))) return add_group(out, v);
    if ((v = value_of(entry, "cgroup"))) return add(out->cgroups, &out->cgroup_count, kMaxCgroups, v) && *v == '/';
    if ((v = value_of(entry, "setting"))) return add(out->settings, &out->setting_count, kMaxSettings, v) && *v == '/';
    if ((v = value_of(entry, "log_max_files"))) return parse_number(v, 1000000, &out->log_max_files);
    if ((v = value_of(entry, "log_max_size"))) return parse_number(v, INT64_MAX / 2, &out->log_max_size);
    if ((v = value_of(entry, "discards_output"))) return (out->discards_output = strcmp(v, "1") == 0);
    if ((v = value_of(entry, "start_delay_ns"))) return set_delay(out, v);
    if ((v = value_of(entry, "exit_error"))) return *(out->exit_error = v) != 0;
    if ((v = value_of(entry, "isolated"))) return (out->isolated = strcmp(v, "1") == 0);
    if ((v = value_of(entry, "container"))) return *(out->container = v) != 0;
    if ((v = value_of(entry, "supervisor"))) return *(out->supervisor = v) == '/';
    if ((v = value_of(entry, "engine"))) return *(out->engine = v) == '/';
    return false;
}

bool check(const Spec& spec, char* error, size_t error_size) {
    const char* missing = nullptr;
    if (!spec.argv[0] && !*spec.supervisor) missing = "arg";
    if (*spec.supervisor && !*spec.engine) missing = "engine";
    if (!*spec.id) missing = "id";
    if (!*spec.task) missing = "task";
    if (!*spec.log_dir) missing = "log_dir";
    if (spec.log_max_files == 0) missing = "log_max_files";
    if (spec.log_max_size == 0) missing = "log_max_size";
    if (missing) snprintf(error, error_size, "the spec of the task has no valid \"%s\"", missing);
    return !missing;
}

}  // namespace

size_t spec_pointers(const char* bytes, size_t size) {
    size_t count = 3;
    for (size_t i = 0; i < size; ++i) count += bytes[i] == 0;
    return count;
}

bool parse_spec(const char* bytes, size_t size, char** pointers, Spec* out, char* error, size_t error_size) {
    if (size == 0 || size > kMaxSpecBytes || bytes[size - 1] != 0 || spec_pointers(bytes, size) > kMaxSpecStrings) {
        snprintf(error, error_size, "the spec of the task is empty, cut off or too large (%zu bytes)", size);
        return false;
    }
    // A pass for each list, so that its pointers lie together.
    const char* const end = bytes + size;
    const struct {
        const char* key;
        char*** list;
    } lists[] = {{"arg", &out->argv}, {"env", &out->envp}, {"beside", &out->beside}};
    for (const auto& [key, list] : lists) {
        *list = pointers;
        for (const char* at = bytes; at < end; at += strlen(at) + 1) {
            if (const char* value = value_of(at, key)) *pointers++ = const_cast<char*>(value);
        }
        *pointers++ = nullptr;
    }
    for (const char* at = bytes; at < end; at += strlen(at) + 1) {
        if (value_of(at, "arg") || value_of(at, "env") || value_of(at, "beside") || take(out, at)) continue;
        snprintf(error, error_size, "the spec of the task has an entry that cannot be used: %.40s", at);
        return false;
    }
    return check(*out, error, error_size);
}

}  // namespace drover::shim
