#include "host/config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <set>

#include "os/files.hpp"

namespace drover::host {

namespace {

std::string place(const std::string& path, int line) { return path + ":" + std::to_string(line) + ": "; }

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

Result<FileValue> value_of(const std::string& path, const YAML::Node& key, const YAML::Node& node) {
    FileValue value{key.Scalar(), line_of(key), node.IsSequence(), {}};
    if (node.IsScalar()) {
        value.texts.push_back(node.Scalar());
        return value;
    }
    const std::string where = place(path, value.line) + value.name;
    if (!node.IsSequence()) {
        return fail(ErrorKind::invalid, where + (node.IsMap() ? ": is a map, but options are flat; write name: value"
                                                              : ": has no value; write one, or remove the line"));
    }
    for (const YAML::Node& item : node) {
        if (!item.IsScalar()) return fail(ErrorKind::invalid, where + ": a list may hold only plain texts");
        value.texts.push_back(item.Scalar());
    }
    return value;
}

Result<std::vector<FileValue>> values_of(const YAML::Node& root, const std::string& path) {
    std::vector<FileValue> values;
    if (root.IsNull()) return values;
    if (!root.IsMap()) return fail(ErrorKind::invalid, place(path, line_of(root)) + "expected lines of name: value");
    std::set<std::string> seen;
    for (const auto& entry : root) {
        if (!entry.first.IsScalar()) {
            return fail(ErrorKind::invalid, place(path, line_of(entry.first)) + "a name must be a plain word");
        }
        auto value = value_of(path, entry.first, entry.second);
        if (!value) return tl::unexpected(value.error());
        if (!seen.insert(value->name).second) {
            return fail(ErrorKind::invalid, place(path, value->line) + value->name + ": is given twice; keep one");
        }
        values.push_back(std::move(*value));
    }
    return values;
}

}  // namespace

Result<std::vector<FileValue>> parse_config(std::string_view text, const std::string& path) {
    try {
        return values_of(YAML::Load(std::string(text)), path);
    } catch (const YAML::Exception& e) {
        return fail(ErrorKind::invalid, place(path, e.mark.line + 1) + "not valid YAML: " + e.msg);
    }
}

Result<std::vector<FileValue>> read_config_file(const std::string& path) {
    const auto text = os::read_file(path, kMaxConfigFile);
    if (!text) return fail(text.error().kind, "cannot read the configuration: " + text.error().message);
    return parse_config(*text, path);
}

}  // namespace drover::host
