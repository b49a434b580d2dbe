#include "driver-manager/docker/login.hpp"

#include <nlohmann/json.hpp>

namespace drover::docker {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHub = "docker.io";

std::string to_base64url(std::string_view bytes) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i) out += at + i <= bytes.size() ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
    }
    return out;
}

// Of either alphabet; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    while (text.ends_with('=')) text.remove_suffix(1);
    for (char c : text) {
        c = c == '+' ? '-' : c == '/' ? '_' : c;
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 255U);
    }
    return out;
}

// The keys are written as names, as URLs, and as URLs with a path.
std::string host_of(std::string_view key) {
    if (const std::size_t scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
    const std::string_view host = key.substr(0, key.find('/'));
    return std::string(host == "index.docker.io" || host == "registry-1.docker.io" ? kHub : host);
}

std::string member(const Json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<Login> read_entry(const Json& entry) {
    Login out{member(entry, "username"), member(entry, "password"), member(entry, "identitytoken")};
    if (const auto pair = from_base64(member(entry, "auth")); pair && pair->find(':') != std::string::npos) {
        out.user = pair->substr(0, pair->find(':'));
        out.password = pair->substr(pair->find(':') + 1);
    }
    if (out.token.empty() && (out.user.empty() || out.password.empty())) return std::nullopt;
    return out;
}

}  // namespace

std::string registry_of(std::string_view image) {
    const std::string_view first = image.substr(0, image.find('/'));
    const bool is_host =
        first.size() < image.size() && (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
    return is_host ? host_of(first) : std::string(kHub);
}

std::optional<Login> parse_login(std::string_view text) {
    Login out;
    for (std::string* part : {&out.user, &out.password, &out.server}) {
        const std::size_t end = text.find('\0');
        if (end == std::string_view::npos) return std::nullopt;
        *part = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    out.from = "config.auth of the task";
    return out;
}

Result<std::optional<Login>> find_login(std::string_view config, const std::string& registry) {
    try {
        const Json json = Json::parse(config);
        const auto auths = json.find("auths");
        if (auths == json.end()) return std::nullopt;
        for (const auto& [key, entry] : auths->items())
            if (host_of(key) == registry && entry.is_object())
                if (auto login = read_entry(entry)) return login;
        return std::nullopt;
    } catch (const Json::exception&) {
        // Its words would show what is written there.
        return fail(ErrorKind::invalid, "it is not written as docker's config.json is");
    }
}

std::string login_header(const Login& login, const std::string& registry) {
    Json json = {{"serveraddress", login.server.empty() ? registry : login.server}};
    if (login.token.empty()) {
        json["username"] = login.user;
        json["password"] = login.password;
    } else {
        json["identitytoken"] = login.token;
    }
    return "X-Registry-Auth: " + to_base64url(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\r\n";
}

}  // namespace drover::docker
