#include "cli/var_items.hpp"

#include <iostream>

#include "os/files.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t kMaxText = 64 << 10;  // bytes; a variable may have 24 KiB

struct Pair {
    std::string name;
    std::string value;
};

// A part after "=" is not repeated in errors: it may be a secret that was given the wrong way.
Result<Pair> split(const std::string& text, const char* form) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals > 0) return Pair{text.substr(0, equals), text.substr(equals + 1)};
    return fail(ErrorKind::invalid, std::string("an item is written ") + form +
                                        (equals == 0 ? ", but one has no name" : ", but one has no = in it"));
}

bool is_utf8(const std::string& text) {
    try {
        return !Json(text).dump().empty();
    } catch (const Json::exception&) {
        return false;
    }
}

Result<std::string> secret_value(const Pair& pair, const ReadText& read) {
    const bool from_file = pair.value.size() > 1 && pair.value[0] == '@';
    if (!from_file && pair.value != "-") {
        return fail(ErrorKind::invalid, "the value of secret \"" + pair.name +
                                            "\" must not stand on the command line, where every user of the machine "
                                            "can read it; write --secret " +
                                            pair.name + "=@FILE, or --secret " + pair.name +
                                            "=- to read it from standard input");
    }
    auto text = read(from_file ? pair.value.substr(1) : "-");
    if (!text) return text;
    if (text->ends_with('\n')) text->pop_back();
    if (text->empty()) return fail(ErrorKind::invalid, "the value of secret \"" + pair.name + "\" is empty");
    return text;
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
    if (path != "-") return os::read_file(path, kMaxText);
    std::string text(kMaxText + 1, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() <= kMaxText) return text;
    return fail(ErrorKind::invalid, "standard input is larger than 64 KiB, more than a variable may hold");
}

Result<Json> read_items(const std::vector<std::string>& plain, const std::vector<std::string>& secrets,
                        const ReadText& read) {
    Json items = Json::object();
    const auto add = [&](const std::string& name, const std::string& value, Json item) -> Result<void> {
        if (items.contains(name)) return fail(ErrorKind::invalid, "item \"" + name + "\" is given twice");
        if (!is_utf8(name + value)) {
            return fail(ErrorKind::invalid,
                        "item \"" + name + "\" is no text (UTF-8); encode it, for example by base64");
        }
        items[name] = std::move(item);
        return {};
    };
    bool input_taken = false;
    for (const std::string& text : plain) {
        const auto pair = split(text, "NAME=VALUE");
        if (!pair) return tl::unexpected(pair.error());
        if (auto added = add(pair->name, pair->value, pair->value); !added) return tl::unexpected(added.error());
    }
    for (const std::string& text : secrets) {
        const auto pair = split(text, "NAME=@FILE or NAME=-");
        if (!pair) return tl::unexpected(pair.error());
        if (pair->value == "-" && std::exchange(input_taken, true)) {
            return fail(ErrorKind::invalid,
                        "only one secret can be read from standard input; use files for the others");
        }
        const auto value = secret_value(*pair, read);
        if (!value) return tl::unexpected(value.error());
        if (auto added = add(pair->name, *value, Json{{"secret", *value}}); !added)
            return tl::unexpected(added.error());
    }
    if (items.empty()) return fail(ErrorKind::invalid, "give at least one item, as NAME=VALUE or --secret NAME=@FILE");
    return items;
}

}  // namespace drover::cli
