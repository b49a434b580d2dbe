#include "driver-manager/launcher/spec_file.hpp"

#include <unistd.h>

#include <algorithm>

#include "os/user.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxSpec = 2 << 20;

// Of output that goes elsewhere the node keeps as much as whatever takes it may be behind.
constexpr std::uint64_t kBufferFiles = 2;
constexpr std::uint64_t kBufferFileSize = 1 << 20;

class Builder {
   public:
    void add(std::string_view key, std::string_view value) {
        if (value.find('\0') != std::string_view::npos) bad_key_ = key;
        text_.append(key).append(1, '=').append(value).append(1, '\0');
    }
    void add(std::string_view key, std::uint64_t value) { add(key, std::string_view(std::to_string(value))); }

    Result<std::string> take() {
        if (!bad_key_.empty()) {
            return fail(ErrorKind::invalid, "an entry \"" + bad_key_ + "\" of the task contains a NUL byte; remove it");
        }
        if (text_.size() > kMaxSpec) {
            return fail(ErrorKind::invalid, "arguments and environment of the task are larger than 2 MiB; pass files");
        }
        return std::move(text_);
    }

   private:
    std::string text_;
    std::string bad_key_;
};

Result<void> add_user(Builder& out, const std::string& name) {
    if (name.empty()) return {};
    const Result<os::User> user = os::find_user(name);
    if (!user) return tl::unexpected(user.error());
    if (user->uid == ::geteuid() && ::geteuid() != 0) return {};
    if (::geteuid() != 0) {
        return fail(ErrorKind::refused,
                    "cannot run the task as user \"" + name + "\": the driver-manager does not run as root");
    }
    out.add("uid", user->uid);
    out.add("gid", user->gid);
    for (const gid_t group : user->groups) out.add("group", group);
    return {};
}

void add_logs(Builder& out, const wire::LogConfig& logs) {
    const wire::LogConfig defaults;
    std::uint64_t files = logs.max_files == 0 ? defaults.max_files : logs.max_files;
    std::uint64_t size = logs.max_file_size == 0 ? defaults.max_file_size : logs.max_file_size;
    const auto goes_to = [&](wire::LogSink sink) {
        return std::find(logs.sinks.begin(), logs.sinks.end(), sink) != logs.sinks.end();
    };
    if (goes_to(wire::LogSink::none)) out.add("discards_output", std::uint64_t{1});
    if (!logs.sinks.empty() && !goes_to(wire::LogSink::file)) {
        files = kBufferFiles;
        size = std::min(size, kBufferFileSize);
    }
    out.add("log_max_files", files);
    out.add("log_max_size", size);
}

}  // namespace

Result<std::string> make_spec(const std::string& id, const std::string& task, const drivers::LaunchPlan& plan,
                              const os::CgroupPlan& cgroups) {
    if (plan.argv.empty() && plan.supervisor.empty()) return fail(ErrorKind::invalid, "the task has no command to run");
    Builder out;
    out.add("id", id);
    out.add("task", task);
    out.add("work_dir", plan.work_dir.empty() ? "/" : plan.work_dir);
    out.add("log_dir", plan.log_dir);
    add_logs(out, plan.logs);
    if (plan.start_delay.ns > 0) out.add("start_delay_ns", static_cast<std::uint64_t>(plan.start_delay.ns));
    if (!plan.exit_error.empty()) out.add("exit_error", plan.exit_error);
    if (!plan.supervisor.empty()) {
        out.add("supervisor", plan.supervisor);
        out.add("engine", plan.engine);
        if (!plan.container.empty()) out.add("container", plan.container);
        return out.take();
    }
    if (const Result<void> user = add_user(out, plan.user); !user) return tl::unexpected(user.error());
    if (plan.isolation) out.add("isolated", std::uint64_t{1});
    for (const std::string& dir : cgroups.dirs) out.add("cgroup", dir);
    for (const auto& [file, value] : cgroups.settings) out.add("setting", file + "=" + value);
    for (const std::string& arg : plan.argv) out.add("arg", arg);
    for (const auto& [name, value] : plan.env) out.add("env", name + "=" + value);
    for (const std::string& word : plan.beside) out.add("beside", word);
    return out.take();
}

std::vector<std::string> spec_values(const std::string& spec, std::string_view key) {
    std::vector<std::string> out;
    std::string_view rest = spec;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\0');
        const std::string_view entry = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=') {
            out.emplace_back(entry.substr(key.size() + 1));
        }
    }
    return out;
}

}  // namespace drover::launcher
