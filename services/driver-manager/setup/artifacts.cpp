#include "driver-manager/setup/artifacts.hpp"

#include <sys/stat.h>

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "base/hash.hpp"
#include "driver-manager/drivers/env.hpp"
#include "driver-manager/fetch/request/request.hpp"
#include "driver-manager/fetch/request/source.hpp"
#include "os/below.hpp"
#include "os/user.hpp"

namespace drover::setup {

namespace {

constexpr Duration kGrace = seconds(10);  // drover-fetch ends by itself at its limit, with a better sentence
constexpr const char* kDefaultDestination = "local";

// What proxies and certificates are to programs of this machine, and what git needs.
constexpr const char* kPassedOn[] = {"PATH",     "http_proxy", "https_proxy", "no_proxy",      "HTTPS_PROXY",
                                     "NO_PROXY", "all_proxy",  "ALL_PROXY",   "SSL_CERT_FILE", "SSL_CERT_DIR"};

// What "any" and "dir" make of it is drover-fetch's; here it has to stay below the task's directory.
Result<void> set_destination(fetch::Request& request, std::string text, const std::string& root) {
    if (text.empty()) text = kDefaultDestination;
    if (text == root || text.starts_with(root + "/")) text.erase(0, root.size() + 1);
    const auto clean = os::clean_path(text);
    if (!clean)
        return fail(ErrorKind::invalid, "the destination " + text + " of the artifact " + fetch::shown(request.source) +
                                            " leaves the task's directory; write a path below it");
    request.names_file = request.mode == fetch::Mode::file && text != kDefaultDestination && !text.ends_with('/');
    request.destination = *clean;
    return {};
}

Result<fetch::Request> request_of(const wire::Artifact& artifact, const Site& place, const FetchLimits& limits) {
    const drivers::Env env = drivers::build_env(place.command.spec, place.context);
    const drivers::Env known = drivers::references(env, place.context);
    fetch::Request request;
    request.source = drivers::interpolate(artifact.source, known);
    request.checksum = drivers::interpolate(artifact.checksum, known);
    request.mode = static_cast<fetch::Mode>(artifact.mode);
    for (const auto& [name, value] : artifact.headers) request.headers[name] = drivers::interpolate(value, known);
    const std::string destination = drivers::interpolate(artifact.destination, known);
    if (const auto set = set_destination(request, destination, place.dirs.root); !set)
        return tl::unexpected(set.error());
    if (const auto source = fetch::parse_source(request.source); !source) return tl::unexpected(source.error());
    request.max_bytes = limits.bytes;
    request.time = limits.time;
    // Not the headers: the same thing is not fetched again because a token has changed.
    const std::string spec =
        request.source + '\0' + destination + '\0' + request.checksum + '\0' + std::string(to_string(artifact.mode));
    request.id = to_hex(stable_hash(spec));
    return request;
}

bool is_complete(const std::string& root, const fetch::Request& request) {
    struct stat st {};
    return ::lstat((root + "/" + fetch::marker(request)).c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

class FetchStep : public Step {
   public:
    FetchStep(Children& children, std::vector<std::string> program, FetchLimits limits, Site& place, StepVoice voice)
        : children_(children), program_(std::move(program)), limits_(limits), place_(place), voice_(std::move(voice)) {}

    ~FetchStep() override {
        for (const auto& [id, source] : running_) children_.kill(id);
    }

    void begin() override {
        std::set<std::string> ids;
        for (const wire::Artifact& artifact : place_.command.spec.artifacts) {
            auto request = request_of(artifact, place_, limits_);
            if (!request) return end(tl::unexpected(request.error()));
            if (ids.insert(request->id).second && !is_complete(place_.dirs.root, *request))
                left_.push_back(std::move(*request));
        }
        go_on();
    }

   private:
    void go_on() {
        while (!left_.empty() && running_.size() < limits_.at_once) {
            const auto started = start(left_.front());
            if (!started) return end(tl::unexpected(started.error()));
            left_.pop_front();
        }
        if (running_.empty()) return end({});
        std::string what;
        for (const auto& [id, source] : running_) what += (what.empty() ? "artifact " : ", ") + source;
        voice_.waits(what);
    }

    Result<void> start(const fetch::Request& request) {
        if (program_.empty())
            return fail(ErrorKind::not_found,
                        "cannot fetch artifacts: drover-fetch is not installed beside "
                        "drover-driver-manager");
        os::SpawnOptions options;
        options.path = program_.front();
        options.argv = program_;
        options.work_dir = place_.dirs.root;
        for (const char* name : kPassedOn)
            if (const auto value = place_.context.host_env.find(name); value != place_.context.host_env.end())
                options.env.push_back(value->first + "=" + value->second);
        if (const std::string& name = place_.command.spec.user; !name.empty()) {
            const auto user = os::find_user(name);
            if (!user) return tl::unexpected(user.error());
            options.user = *user;
        }
        const std::string source = fetch::shown(request.source);
        const auto id = std::make_shared<Children::Id>(0);
        const auto started =
            children_.start({std::move(options), fetch::encode(request), request.time + kGrace, true, false},
                            [this, id, source](const ChildEnd& child) { fetched(*id, source, child); });
        if (!started) return fail(ErrorKind::unavailable, started.error().message);
        *id = *started;
        running_[*id] = source;
        return {};
    }

    void fetched(Children::Id id, const std::string& source, const ChildEnd& child) {
        running_.erase(id);
        if (child.status.code == fetch::kDone && child.status.signal == 0) return go_on();
        const std::string why =
            child.overdue              ? "it was not complete within " + to_string(limits_.time)
            : child.status.signal != 0 ? "drover-fetch ended by signal " + std::to_string(child.status.signal)
            : child.said.empty()       ? "drover-fetch exited with code " + std::to_string(child.status.code)
                                       : child.said;
        const bool lasting = child.status.code == fetch::kNeverWill;
        end(fail(lasting ? ErrorKind::refused : ErrorKind::unavailable,
                 "cannot fetch the artifact " + source + ": " + why));
    }

    void end(const Result<void>& result) {
        for (const auto& [id, source] : running_) children_.kill(id);
        running_.clear();
        voice_.ended(result);
    }

    Children& children_;
    std::vector<std::string> program_;
    FetchLimits limits_;
    Site& place_;
    StepVoice voice_;
    std::deque<fetch::Request> left_;
    std::map<Children::Id, std::string> running_;  // -> the source, as it may be shown
};

}  // namespace

StepMaker fetch_artifacts(Children& children, std::vector<std::string> program, FetchLimits limits) {
    return [&children, program = std::move(program), limits](Site& place, StepVoice voice) {
        return std::make_unique<FetchStep>(children, program, limits, place, std::move(voice));
    };
}

}  // namespace drover::setup
