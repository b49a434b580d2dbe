#include "fuzz/node_targets.hpp"

#include <cstring>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "driver-manager/launcher/floors.hpp"
#include "driver-manager/launcher/log_reader.hpp"
#include "driver-manager/launcher/record.hpp"
#include "driver-manager/launcher/spec_file.hpp"
#include "driver-manager/sinks/memory.hpp"
#include "driver-manager/templates/env_lines.hpp"
#include "driver-manager/templates/memory.hpp"
#include "fuzz/scratch.hpp"
#include "ipc/home.hpp"
#include "os/files.hpp"
#include "os/memory_group.hpp"
#include "shim/spec.hpp"

namespace drover::fuzz {
namespace {

void write(const std::string& path, std::string_view bytes) {
    CHECK(os::write_file_atomic(path, bytes, 0600, os::Durable::no).has_value());
}

void shim_spec(std::string_view bytes) {
    std::vector<char*> pointers(drover::shim::spec_pointers(bytes.data(), bytes.size()));
    drover::shim::Spec spec;
    char error[256] = {};
    if (!drover::shim::parse_spec(bytes.data(), bytes.size(), pointers.data(), &spec, error, sizeof error)) {
        CHECK(error[0] != 0);
        return;
    }
    CHECK((spec.argv[0] != nullptr || *spec.supervisor != 0) && spec.log_max_files > 0);
    const std::vector<std::string> args = launcher::spec_values(std::string(bytes), "arg");
    std::size_t count = 0;
    while (spec.argv[count] != nullptr) ++count;
    CHECK(args.size() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK(args[i] == spec.argv[i]);
}

// As it is, and as if it had been written whole: a checksum is not found by chance.
void shim_record(std::string_view bytes) {
    ShimStatus status{};
    if (shim_status_pick(bytes.data(), bytes.size(), &status) != 0) (void)launcher::to_observed(1, status);
    if (bytes.size() < sizeof status) return;
    std::memcpy(&status, bytes.data(), sizeof status);
    status.magic = SHIM_MAGIC;
    status.version = SHIM_VERSION;
    status.checksum = shim_checksum(&status);
    ShimStatus picked{};
    if (shim_status_pick(&status, sizeof status, &picked) == 0) return;
    const wire::IncarnationObserved seen = launcher::to_observed(1, picked);
    CHECK(seen.id.size() < sizeof picked.id && seen.error.size() < sizeof picked.error);
}

// Damage is told apart from what is whole, and what was read can be added to.
void floors(const std::string& dir, std::string_view bytes) {
    write(dir + "/.floors", bytes);
    launcher::Floors first(dir);
    CHECK(first.load().has_value());
    launcher::Floors::Numbers wanted = first.all();
    wanted[{"alloc", "task"}] =
        first.of("alloc", "task") == ~std::uint64_t{0} ? ~std::uint64_t{0} : first.of("alloc", "task") + 1;
    CHECK(first.raise(wanted).has_value());
    launcher::Floors second(dir);
    CHECK(second.load().has_value());
    CHECK(second.all() == first.all());
}

void log_index(const std::string& dir, std::string_view bytes) {
    write(dir + "/.task.stdout.index", bytes);
    write(dir + "/.task.stdout.0.times", bytes);
    for (const std::int64_t offset : {INT64_MIN, std::int64_t{-3}, std::int64_t{0}, std::int64_t{7}, INT64_MAX}) {
        const auto slice = launcher::read_log(
            dir, "task", "stdout", {.offset = offset, .limit = 64, .since = Instant{1 + offset % 1000}, .marks = true});
        CHECK(slice.has_value() ? slice->data.size() <= 64 : !slice.error().message.empty());
    }
}

}  // namespace

void shim(std::string_view bytes) {
    shim_spec(bytes);
    shim_record(bytes);
}

void node_files(std::string_view bytes) {
    static const Scratch scratch;
    static const bool has_log = [] {
        write(scratch.path + "/task.stdout.0", "one\n");
        write(scratch.path + "/task.stdout.1", "two\n");
        return true;
    }();
    CHECK(has_log);
    floors(scratch.path, bytes);
    log_index(scratch.path, bytes);
    const auto memory = templates::parse_memory(bytes);
    CHECK(memory.has_value() || !memory.error().message.empty());
    if (memory) CHECK(templates::parse_memory(templates::to_text(*memory)) == *memory);
    const auto sent = sinks::parse_memory(bytes);
    CHECK(sent.has_value() || !sent.error().message.empty());
    if (sent) CHECK(sinks::parse_memory(sinks::to_text(*sent)) == *sent);
    (void)os::memory_group(bytes, false);
    (void)os::cached_bytes(bytes);
    write(scratch.path + "/" + ipc::kDriverRecord, bytes);
    (void)ipc::open_driver(scratch.path);
    const auto lines = templates::parse_env(bytes);
    CHECK(lines.has_value() || !lines.error().message.empty());
}

}  // namespace drover::fuzz
