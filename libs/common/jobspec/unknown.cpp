// Fields that stand where they do not belong.
#include "base/nearest.hpp"
#include "jobspec/fields.hpp"

namespace drover::jobspec {

namespace {

std::string with_article(std::string_view title) {
    if (title == "logs" || title == "resources" || title == "dispatch_payload" || title == "ready")
        return std::string(title);
    if (title == "artifact") return "an artifact";
    return title == "job" || title == "restart" || title == "lifecycle" ? "the " + std::string(title)
                                                                        : "a " + std::string(title);
}

}  // namespace

void complain_unknown(Context& context, const std::string& path, const Entry& entry,
                      const std::vector<FieldDoc>& valid) {
    std::vector<std::string_view> names;
    for (const FieldDoc& field : valid) names.push_back(field.name);
    const std::string at = below(path, entry.key);
    std::string meant = nearest(entry.key, names);
    std::string message = "unknown field";
    if (meant.empty()) {
        std::string list;
        for (const std::string_view name : names) list += (list.empty() ? "" : ", ") + std::string(name);
        message += "; here may stand " + list;
        for (const Block& other : blocks()) {
            for (const FieldDoc& field : other.fields) {
                if (field.name == entry.key) message = "unknown field here; it is one of " + with_article(other.title);
            }
        }
    }
    context.complain(entry.mark, at, std::move(message), std::move(meant));
}

}  // namespace drover::jobspec
