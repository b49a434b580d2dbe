#include "host/keys.hpp"

#include <algorithm>
#include <sstream>

#include "os/files.hpp"

namespace drover::host {

namespace {

constexpr std::size_t kMaxKeyFile = 256 << 10;  // bytes
constexpr std::size_t kKeySize = 40;

// "KEY", or "KEY ROLE" and whatever is said about it behind that.
Result<bus::Allowed> parse_line(const std::string& line) {
    std::istringstream words(line);
    std::string key, word;
    words >> key >> word;
    if (key.size() != kKeySize) return fail(ErrorKind::invalid, "expected a key of 40 characters (Z85)");
    const auto role = word.empty() ? bus::Role::service : bus::parse_role(word);
    if (!role) return fail(ErrorKind::invalid, "expected a role, service, submit or tap, behind the key");
    return bus::Allowed(key, *role);
}

// The file's keys, one a line; empty lines and those that begin with "# " do not count.
Result<std::vector<bus::Allowed>> read_keys(const std::string& path) {
    const auto text = os::read_file(path, kMaxKeyFile);
    if (!text) return tl::unexpected(text.error());
    std::vector<bus::Allowed> keys;
    int line = 0;
    for (std::size_t at = 0; at < text->size(); ++line) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        std::string key = text->substr(at, end - at);
        at = end + 1;
        key.erase(key.find_last_not_of(" \t\r") + 1);
        // A key may begin with the sign, too.
        if (key.empty() || (key.front() == '#' && (key.size() == 1 || key[1] == ' '))) continue;
        auto parsed = parse_line(key);
        if (!parsed)
            return fail(ErrorKind::invalid, path + ":" + std::to_string(line + 1) + ": " + parsed.error().message);
        keys.push_back(std::move(*parsed));
    }
    return keys;
}

Result<std::string> read_key(const std::string& path) {
    auto keys = read_keys(path);
    if (!keys) return tl::unexpected(keys.error());
    if (keys->size() != 1) return fail(ErrorKind::invalid, path + " should hold one key of 40 characters (Z85)");
    return std::move(keys->front().key);
}

}  // namespace

Result<CurveKeys> read_curve_keys(const ServiceConfig& config) {
    CurveKeys keys;
    const std::string& secret = config.curve_secret_key_file;
    if (secret.empty() != config.curve_public_key_file.empty()) {
        return fail(ErrorKind::invalid,
                    "curve_public_key_file and curve_secret_key_file go together; give both or none");
    }
    if (secret.empty() && !config.curve_peers_file.empty()) {
        return fail(ErrorKind::invalid, "curve_peers_file needs curve_public_key_file and curve_secret_key_file");
    }
    if (secret.empty()) return keys;
    if (auto done = os::check_private(secret, "the secret key"); !done) return tl::unexpected(done.error());
    auto own_secret = read_key(secret);
    if (!own_secret) return tl::unexpected(own_secret.error());
    auto own_public = read_key(config.curve_public_key_file);
    if (!own_public) return tl::unexpected(own_public.error());
    keys.secret_key = std::move(*own_secret);
    keys.public_key = std::move(*own_public);
    if (config.curve_peers_file.empty()) return keys;
    auto allowed = read_keys(config.curve_peers_file);
    if (!allowed) return tl::unexpected(allowed.error());
    keys.allowed = std::move(*allowed);
    return keys;
}

Result<std::vector<std::string>> read_peer_keys(const std::vector<std::string>& peers) {
    std::vector<std::string> out = peers;
    for (std::string& peer : out) {
        const std::size_t at = peer.find(kKeyFile);
        if (at == std::string::npos || peer.size() - at - 1 == kKeySize) continue;
        const auto key = read_key(peer.substr(at + kKeyFile.size()));
        if (!key) return tl::unexpected(key.error());
        peer = peer.substr(0, at) + "#" + *key;
    }
    return out;
}

}  // namespace drover::host
