#include "host/config_help.hpp"

#include <algorithm>

#include "host/config_value.hpp"

namespace drover::host {

namespace {

struct Row {
    std::string left;
    std::string right;
};

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

void append_rows(std::string& out, const std::vector<Row>& rows, const char* indent, const char* gap) {
    std::size_t width = 0;
    for (const Row& row : rows) width = std::max(width, row.left.size());
    for (const Row& row : rows) out += indent + padded(row.left, width) + gap + row.right + "\n";
}

std::string default_text(const Option& option) {
    const std::string text = plain_text(option.target);
    return option.secret || text.empty() ? "" : " (default " + text + ")";
}

}  // namespace

std::string flag_name(const std::string& option) {
    std::string out = "--" + option;
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
}

std::string help_text(const Program& program, const std::vector<Option>& options) {
    std::string out = program.name + ": " + program.summary + "\n\n" + "Usage:   " + program.name +
                      " [--config FILE] [--name value]...\n" + "Example: " + program.example + "\n\n" +
                      "Options. Each is also a key of the YAML file, with _ for -, and a variable DROVER_<NAME>;\n"
                      "a flag wins over a variable, a variable over the file.\n\n";
    std::vector<Row> rows;
    rows.reserve(options.size() + 4);
    for (const Option& option : options) {
        rows.push_back({flag_name(option.name) + " " + placeholder(option.target), option.help + default_text(option)});
    }
    rows.push_back({"--config FILE", "YAML file with options (DROVER_CONFIG)"});
    rows.push_back({"--print-config", "print every option with its value and where it comes from, then exit"});
    rows.push_back({"--version", "print the version, then exit"});
    rows.push_back({"--help", "print this, then exit"});
    append_rows(out, rows, "  ", "  ");
    return out;
}

std::string config_text(const Program& program, const std::vector<Option>& options,
                        const std::vector<std::string>& origins) {
    std::string out = "# " + program.name + " " + version() + "\n";
    std::vector<Row> rows;
    for (std::size_t i = 0; i < options.size(); ++i) {
        const bool masked = options[i].secret && !plain_text(options[i].target).empty();
        rows.push_back({options[i].name + ": " + (masked ? "\"***\"" : yaml_text(options[i].target)), origins[i]});
    }
    append_rows(out, rows, "", "  # ");
    return out;
}

}  // namespace drover::host
