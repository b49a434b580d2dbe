#include "state-store/core/variables.hpp"

#include <algorithm>

#include "state-store/core/keys.hpp"
#include "state-store/core/validate.hpp"

namespace drover::store {

namespace {

constexpr std::size_t kShown = 64;  // bytes of a wrong name that a sentence repeats

// "db/main": names with a slash in between.
bool valid_path(std::string_view path) {
    if (path.empty() || path.size() > kMaxVariablePath) return false;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (!valid_name(path.substr(at, end - at))) return false;
        at = end + 1;
    }
    return true;
}

Result<void> check_path(const std::string& path) {
    if (valid_path(path)) return {};
    return fail(ErrorKind::invalid, "\"" + path.substr(0, kShown) +
                                        "\" is no path of a variable; write names of 1 to 63 "
                                        "letters, digits, _ . or - with / between them, at most " +
                                        std::to_string(kMaxVariablePath) + " characters, like db/main");
}

Result<void> check(const wire::VariableDesired& variable) {
    if (auto ok = check_path(variable.path); !ok) return ok;
    const auto invalid = [&](const std::string& why) {
        return fail(ErrorKind::invalid, "variable \"" + variable.path + "\" was not accepted: " + why);
    };
    if (variable.items.empty()) return invalid("it has no items; give it one, like password=..., or remove it");
    if (variable.items.size() > kMaxVariableItems) {
        return invalid("it has " + std::to_string(variable.items.size()) + " items, the limit is " +
                       std::to_string(kMaxVariableItems) + "; split it");
    }
    for (const auto& [name, item] : variable.items) {
        if (!valid_name(name)) {
            return invalid("the item name \"" + name.substr(0, kShown) +
                           "\" must be 1 to 63 letters, digits, _ . or -");
        }
        if (!item.value.empty() && !item.sealed.empty()) {
            return invalid("item \"" + name + "\" is both plain and secret; give it one value");
        }
    }
    const std::size_t size = wire::encode(variable).size();
    if (size <= kMaxVariableBytes) return {};
    return invalid("it is " + std::to_string(size) + " bytes long, the limit is " + std::to_string(kMaxVariableBytes) +
                   "; split it, or move large values into files");
}

}  // namespace

Result<std::uint64_t> put_variable(Draft& draft, const wire::VariableDesired& variable, Instant now) {
    if (auto ok = check(variable); !ok) return tl::unexpected(ok.error());
    const std::string key = variable_key(variable.path);
    const auto recorded = load<wire::VariableDesired>(draft, key);
    if (!recorded) return tl::unexpected(recorded.error());
    const std::uint64_t version = *recorded ? (*recorded)->version : 0;
    if (variable.version != 0 && variable.version != version) {
        const std::string now_at = *recorded ? "is at version " + std::to_string(version) : "does not exist";
        return fail(ErrorKind::conflict, "variable \"" + variable.path + "\" " + now_at + ", but version " +
                                             std::to_string(variable.version) +
                                             " was to be replaced; read it again, then decide");
    }
    wire::VariableDesired next = variable;
    next.version = version + 1;
    next.changed_at = now;
    save(draft, key, next);
    return next.version;
}

Result<void> remove_variable(Draft& draft, const std::string& path) {
    if (auto ok = check_path(path); !ok) return ok;
    const std::string key = variable_key(path);
    const auto recorded = draft.get(key);
    if (!recorded) return tl::unexpected(recorded.error());
    if (!*recorded) {
        return fail(ErrorKind::not_found, "there is no variable \"" + path + "\"; \"drover var list\" lists them");
    }
    draft.forget(key);
    return {};
}

}  // namespace drover::store
