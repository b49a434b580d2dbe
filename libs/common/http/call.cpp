#include "http/call.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace drover::http {
namespace {

using Json = nlohmann::ordered_json;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return fail(ErrorKind::invalid, "the address has a broken % escape");
            c = static_cast<char>(high * 16 + low);
            i += 2;
            if (c == '/') return fail(ErrorKind::invalid, "the address has an escaped / within a name");
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return fail(ErrorKind::invalid, "the address has a control character");
        }
        out += c;
    }
    return out;
}

Result<void> parse_query(std::string_view text, Call& call) {
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        auto name = decode(pair.substr(0, equals));
        auto value = decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (!name) return tl::unexpected(name.error());
        if (!value) return tl::unexpected(value.error());
        if (!call.query.emplace(*name, *value).second) {
            return fail(ErrorKind::invalid, "the parameter \"" + *name + "\" is given twice");
        }
    }
    return {};
}

}  // namespace

std::string Call::param(const std::string& name, const std::string& otherwise) const {
    const auto found = query.find(name);
    return found == query.end() ? otherwise : found->second;
}

Result<void> Call::allow(std::initializer_list<std::string_view> names) const {
    for (const auto& [name, value] : query) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        std::string known;
        for (std::string_view n : names) known += (known.empty() ? "" : ", ") + std::string(n);
        return fail(ErrorKind::invalid, "unknown parameter \"" + name + "\"; " +
                                            (known.empty() ? "there are none here" : "known ones: " + known));
    }
    return {};
}

Result<std::uint64_t> Call::number(const std::string& name, std::uint64_t otherwise) const {
    const auto found = query.find(name);
    if (found == query.end()) return otherwise;
    const std::string& text = found->second;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(ErrorKind::invalid, "the parameter \"" + name + "\" must be a whole number, not \"" + text + "\"");
    }
    return value;
}

Result<bool> Call::flag(const std::string& name) const {
    const std::string value = param(name, "false");
    if (value == "true" || value == "1" || value.empty()) return true;
    if (value == "false" || value == "0") return false;
    return fail(ErrorKind::invalid, "the parameter \"" + name + "\" must be true or false, not \"" + value + "\"");
}

Result<Call> parse_call(std::string_view method, std::string_view target) {
    if (target.size() > kMaxTarget) return fail(ErrorKind::invalid, "the address is longer than 2048 bytes");
    if (target.empty() || target.front() != '/') return fail(ErrorKind::invalid, "the address must begin with /");
    Call call;
    call.method = method;
    const std::size_t mark = target.find('?');
    std::string_view path = target.substr(1, mark == std::string_view::npos ? mark : mark - 1);
    while (true) {
        const std::size_t slash = path.find('/');
        auto segment = decode(path.substr(0, slash));
        if (!segment) return tl::unexpected(segment.error());
        call.path.push_back(std::move(*segment));
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    if (mark == std::string_view::npos) return call;
    if (auto parsed = parse_query(target.substr(mark + 1), call); !parsed) return tl::unexpected(parsed.error());
    return call;
}

Result<void> check_origin(const std::string& host, const std::string& origin, const std::vector<std::string>& names) {
    const std::size_t scheme = origin.find("://");
    if (!origin.empty() && (scheme == std::string::npos || origin.substr(scheme + 3) != host)) {
        return fail(ErrorKind::refused,
                    "requests from the web page " + origin + " are refused: it is not of this address");
    }
    const bool bracketed = !host.empty() && host.front() == '[';
    const std::string name = bracketed ? host : host.substr(0, host.find(':'));
    const bool number = name.find_first_not_of("0123456789.") == std::string::npos;
    const bool listed = std::find(names.begin(), names.end(), name) != names.end();
    if (bracketed || number || listed || name.find('.') == std::string::npos) return {};
    return fail(ErrorKind::refused, "requests to the name " + name +
                                        " are refused; use the address, or add the name to "
                                        "the gateway's option http_names");
}

int http_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid: return 400;
        case ErrorKind::not_found: return 404;
        case ErrorKind::conflict: return 409;
        case ErrorKind::refused: return 409;
        case ErrorKind::unavailable: return 503;
        case ErrorKind::corrupt: return 500;
        case ErrorKind::io: return 500;
    }
    return 500;
}

Reply error_reply(int status, ErrorKind kind, const std::string& message) {
    Reply reply;
    reply.status = status;
    const Json json{{"error", {{"kind", to_string(kind)}, {"message", message}}}};
    // Bytes that are not UTF-8 become U+FFFD instead of an exception.
    reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    return reply;
}

Reply error_reply(const Error& error) { return error_reply(http_status(error.kind), error.kind, error.message); }

}  // namespace drover::http
