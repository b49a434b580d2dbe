#include "driver-manager/fetch/git.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/unique_fd.hpp"
#include "driver-manager/fetch/http.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/remove.hpp"
#include "os/spawn.hpp"

namespace drover::fetch {

namespace {

constexpr std::size_t kMaxWords = 300;

std::string base64(const std::string& text) {
    std::string out(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    out.resize(out.find('\0'));
    return out;
}

std::string path_variable() {
    const char* path = ::secure_getenv("PATH");
    return path == nullptr || *path == '\0' ? "/usr/local/bin:/usr/bin:/bin" : path;
}

std::string find_git(std::string_view path) {
    while (!path.empty()) {
        const std::size_t colon = path.find(':');
        const std::string candidate = std::string(path.substr(0, colon)) + "/git";
        if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
    }
    return "";
}

// Nothing of this machine's configuration, no questions, no protocol that runs commands.
std::vector<std::string> environment(const Source& source, const Request& request) {
    std::vector<std::string> env = {"PATH=" + path_variable(),
                                    "GIT_CONFIG_NOSYSTEM=1",
                                    "GIT_CONFIG_GLOBAL=/dev/null",
                                    "GIT_TERMINAL_PROMPT=0",
                                    "GIT_ASKPASS=/bin/false",
                                    "GIT_ALLOW_PROTOCOL=http:https:file",
                                    "LC_ALL=C",
                                    "HOME=/nonexistent"};
    for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "all_proxy",
                             "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"})
        if (const char* value = ::secure_getenv(name)) env.push_back(std::string(name) + "=" + value);
    std::vector<std::pair<std::string, std::string>> config = {{"core.hooksPath", "/dev/null"},
                                                               {"safe.directory", "*"}};
    const std::string header = "http." + source.url + ".extraHeader";
    if (!source.credentials.empty())
        config.emplace_back(header, "Authorization: Basic " + base64(decoded(source.credentials)));
    for (const auto& [name, value] : request.headers) config.emplace_back(header, name + ": " + value);
    env.push_back("GIT_CONFIG_COUNT=" + std::to_string(config.size()));
    for (std::size_t i = 0; i < config.size(); ++i) {
        env.push_back("GIT_CONFIG_KEY_" + std::to_string(i) + "=" + config[i].first);
        env.push_back("GIT_CONFIG_VALUE_" + std::to_string(i) + "=" + config[i].second);
    }
    return env;
}

// The last line, which is where git says what is wrong.
std::string last_words(const std::string& path) {
    std::string text = os::read_file(path, 1 << 20).value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    text.erase(0, text.rfind('\n') + 1);
    return text.empty() ? "git failed" : "git: " + text.substr(0, kMaxWords);
}

class Git {
   public:
    Git(std::string program, const Source& source, const Request& request, const Deadline& deadline, std::string log)
        : program_(std::move(program)), env_(environment(source, request)), deadline_(deadline), log_(std::move(log)) {}

    Result<void> run(std::vector<std::string> args) const {
        const UniqueFd log(::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
        os::SpawnOptions options;
        options.path = program_;
        options.argv = std::move(args);
        options.argv.insert(options.argv.begin(), "git");
        options.env = env_;
        options.fds = {{log.get(), STDERR_FILENO}};
        options.dies_with_us = true;
        const auto process = os::spawn(options, os::Stdio::null);
        if (!process) return tl::unexpected(process.error());
        const bool in_time = os::wait_exited(process->pidfd.get(), std::max(deadline_.left(), milliseconds(1)));
        if (!in_time) (void)os::send_signal(process->pidfd.get(), SIGKILL);
        if (!in_time) (void)os::wait_exited(process->pidfd.get(), seconds(5));
        const auto status = os::reap(process->pidfd.get());
        if (!in_time) return fail(ErrorKind::conflict, "git did not end in time");
        if (status && status->code == 0) return {};
        return fail(ErrorKind::unavailable, last_words(log_));
    }

   private:
    std::string program_;
    std::vector<std::string> env_;
    const Deadline& deadline_;
    std::string log_;
};

Result<void> check_out(const Git& git, const Source& source, const std::string& into) {
    // What an attempt before has left.
    if (const auto removed = os::remove_tree(into); !removed) return removed;
    std::vector<std::string> clone = {"clone", "--quiet", "--no-checkout", "--template="};
    // Of a ref that may be a commit the history is needed to find it.
    if (source.ref.empty()) clone.insert(clone.end(), {"--depth", "1"});
    clone.insert(clone.end(), {"--", source.url, into});
    if (const auto cloned = git.run(clone); !cloned) return cloned;
    const auto checkout = [&](const std::string& ref) {
        return git.run({"-C", into, "checkout", "--quiet", "--force", "--detach", ref, "--"});
    };
    Result<void> done = checkout(source.ref.empty() ? "HEAD" : "origin/" + source.ref);
    if (!done && !source.ref.empty()) done = checkout(source.ref);
    if (!done) return done;
    return os::remove_tree(into + "/.git");
}

}  // namespace

Result<void> fetch_git(const Source& source, const Request& request, const Deadline& deadline,
                       const std::string& into) {
    const std::string program = find_git(path_variable());
    if (program.empty()) return fail(ErrorKind::not_found, "git is not installed on this node; install it");
    // The only bound that there is on what git writes meanwhile: no file larger than the whole may be.
    const rlimit size{request.max_bytes, request.max_bytes};
    ::setrlimit(RLIMIT_FSIZE, &size);
    const Git git(program, source, request, deadline, into + ".log");
    const auto done = with_retries(deadline, [&] { return check_out(git, source, into); });
    if (!done && done.error().kind == ErrorKind::conflict) return fail(ErrorKind::unavailable, done.error().message);
    return done;
}

}  // namespace drover::fetch
