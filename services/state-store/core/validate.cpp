#include "state-store/core/validate.hpp"

#include <algorithm>
#include <set>

#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::store {

namespace {

constexpr std::size_t kMaxName = 63;

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

tl::unexpected<Error> invalid(const wire::JobSpec& spec, const std::string& why) {
    return fail(ErrorKind::invalid, "job \"" + spec.name + "\" was not accepted: " + why);
}

Result<void> check_name(const wire::JobSpec& spec, std::string_view what, const std::string& name) {
    if (valid_name(name)) return {};
    return invalid(spec, "the " + std::string(what) + " name \"" + name.substr(0, kMaxName) +
                             "\" must be 1 to 63 letters, digits, _ . or -");
}

Result<void> validate(const wire::JobSpec& spec, const wire::GroupSpec& group) {
    if (auto ok = check_name(spec, "group", group.name); !ok) return ok;
    if (group.tasks.empty()) return invalid(spec, "group \"" + group.name + "\" has no tasks; give it one");
    std::set<std::string> names;
    for (const wire::TaskSpec& task : group.tasks) {
        if (auto ok = check_name(spec, "task", task.name); !ok) return ok;
        // Its directory would be the one that the tasks of an alloc share.
        if (task.name == "alloc") return invalid(spec, "a task must not be called \"alloc\"; rename it");
        if (!names.insert(task.name).second) {
            return invalid(spec, "group \"" + group.name + "\" has two tasks called \"" + task.name + "\"; rename one");
        }
        if (task.driver.empty()) return invalid(spec, "task \"" + task.name + "\" has no driver; name one");
    }
    return {};
}

}  // namespace

bool valid_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxName && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), plain);
}

Result<void> validate(const wire::JobSpec& spec) {
    if (auto ok = check_name(spec, "job", spec.name); !ok) return ok;
    if (spec.groups.empty()) return invalid(spec, "it has no groups; give it one");
    std::set<std::string> names;
    for (const wire::GroupSpec& group : spec.groups) {
        if (auto ok = validate(spec, group); !ok) return ok;
        if (!names.insert(group.name).second) {
            return invalid(spec, "two groups are called \"" + group.name + "\"; rename one");
        }
    }
    const std::size_t size = wire::encode(spec).size();
    if (size <= kMaxSpecBytes) return {};
    return invalid(spec, "it is " + std::to_string(size) + " bytes long, the limit is " +
                             std::to_string(kMaxSpecBytes) + "; split it or move data into files");
}

}  // namespace drover::store
