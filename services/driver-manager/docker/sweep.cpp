#include <cstdio>
#include <cstdlib>

#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/verbs.hpp"
#include "os/files.hpp"

namespace drover::docker {

namespace {

constexpr Duration kLimit = seconds(30);

// As a container's label has it; empty when there is no such directory.
std::string real_path(const std::string& path) {
    char* const real = ::realpath(path.c_str(), nullptr);
    std::string out = real != nullptr ? real : "";
    std::free(real);
    return out;
}

}  // namespace

Result<void> look(const Engine& engine) {
    const auto answer = engine.ask("GET", "/version", "", kLimit);
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->good()) return fail(ErrorKind::unavailable, reason(*answer));
    const auto version = read_version(*answer);
    if (!version) return tl::unexpected(version.error());
    std::printf("%s %s\n", version->engine.c_str(), version->api.c_str());
    return {};
}

// A record's directory is made before its container and stays until its end is known everywhere, so this cannot meet a
// container that is being made.
Result<void> sweep(const Engine& engine, const std::string& node, const std::string& records) {
    const std::string home = real_path(records);
    // Without this, a disk that is not mounted would look like no records.
    if (home.empty()) return fail(ErrorKind::not_found, "there is no directory " + records);
    const auto answer = engine.ask("GET", list_path({{kNodeLabel, node}}), "", kLimit);
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->good()) return fail(ErrorKind::unavailable, reason(*answer));
    const auto list = read_list(*answer);
    if (!list) return tl::unexpected(list.error());
    for (const Listed& container : *list) {
        const auto record = container.labels.find(kRecordLabel);
        const bool ours = record != container.labels.end() && record->second.starts_with(home + "/");
        if (!ours || os::exists(record->second)) continue;
        const auto removed = engine.ask("DELETE", "/containers/" + container.id + "?force=1&v=1", "", kLimit);
        if (!removed) return tl::unexpected(removed.error());
        if (!removed->good() && removed->status != 404) return fail(ErrorKind::unavailable, reason(*removed));
        std::printf("%s\n", container.id.c_str());
    }
    return {};
}

}  // namespace drover::docker
