#include "cli/place.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::cli {
namespace {

// 107 bytes, less the longest name of a socket: "/driver-manager-tap.sock".
constexpr std::size_t kMaxRunDir = 107 - 24;

constexpr std::size_t kMaxTokenFile = 4096;

Result<Address> address_of(const std::string& text, const std::string& source) {
    if (text.starts_with("http://") || text.starts_with("https://")) return Address{text, source};
    if (text.find('/') == std::string::npos) return Address{"http://" + text, source};
    return fail(ErrorKind::invalid, source + " should be HOST:PORT, or that behind http:// or https://, not " + text);
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// A directory in /tmp could have been put there by anybody.
bool same_owner(const std::string& a, const std::string& b) {
    struct stat first {
    }, second{};
    if (::stat(a.c_str(), &first) != 0 || ::stat(b.c_str(), &second) != 0) return true;
    return first.st_uid == second.st_uid || first.st_uid == 0;
}

}  // namespace

Environment this_environment() {
    Environment e;
    e.addr = variable("DROVER_ADDR");
    e.data_dir = variable("DROVER_DATA_DIR");
    e.token = variable("DROVER_TOKEN");
    e.token_file = variable("DROVER_TOKEN_FILE");
    e.ca_file = variable("DROVER_CACERT");
    e.home = variable("HOME");
    std::error_code ignored;
    e.cwd = std::filesystem::current_path(ignored).string();
    e.root = ::geteuid() == 0;
    e.colour = ::isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
    return e;
}

std::string data_dir(const Environment& environment, const std::string& given) {
    std::string dir = !given.empty() ? given : environment.data_dir;
    if (dir.empty()) dir = environment.root ? "/var/lib/drover" : environment.home + "/.local/share/drover";
    if (dir.front() != '/') dir = environment.cwd + "/" + dir;
    dir = std::filesystem::path(dir).lexically_normal().string();
    while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
    return dir;
}

std::string run_dir(const std::string& data_dir) {
    const std::string near = data_dir + "/run";
    return near.size() <= kMaxRunDir ? near : "/tmp/drover-" + to_hex(stable_hash(data_dir));
}

std::string voice(const std::string& run_dir, const std::string& service) {
    return "ipc://" + run_dir + "/" + service + ".sock";
}

std::string tap(const std::string& run_dir, const std::string& service) {
    return "ipc://" + run_dir + "/" + service + "-tap.sock";
}

Result<Address> find_gateway(const Environment& environment) {
    if (!environment.addr.empty()) {
        std::string address = environment.addr;
        while (!address.empty() && address.back() == '/') address.pop_back();
        return address_of(address, "DROVER_ADDR");
    }
    const std::string data = data_dir(environment);
    const std::string run = run_dir(data);
    const std::string file = run + "/gateway.addr";
    std::ifstream in(file);
    std::string address;
    if (!std::getline(in, address) || address.empty()) {
        const std::string option = environment.data_dir.empty() ? "" : " --data-dir " + data;
        return fail(ErrorKind::unavailable,
                    "cannot find a running Drover: there is no " + file + ". Start one with: drover dev" + option +
                        "\nOr set DROVER_DATA_DIR to the data directory of one, or DROVER_ADDR to its host:port.");
    }
    if (!same_owner(run, data)) {
        return fail(ErrorKind::refused, run + " does not belong to the owner of " + data +
                                            ", so what it says of a "
                                            "running Drover is not trusted");
    }
    return address_of(address, file);
}

Result<std::string> read_token(const Environment& environment) {
    if (!environment.token.empty() || environment.token_file.empty()) return environment.token;
    auto token = os::read_file(environment.token_file, kMaxTokenFile);
    if (!token) return fail(ErrorKind::invalid, "cannot read the token: " + token.error().message);
    token->erase(token->find_last_not_of(" \t\r\n") + 1);
    if (token->find_first_of(" \t\r\n") == std::string::npos && !token->empty()) return token;
    return fail(ErrorKind::invalid, environment.token_file + " should hold one token and nothing else");
}

}  // namespace drover::cli
