#include "driver-manager/shell/sink_desk.hpp"

#include <algorithm>

#include "driver-manager/allocdir/alloc_dir.hpp"
#include "host/log.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {
namespace {

using Rest = sinks::Course::Rest;

constexpr std::size_t kMaxMemory = 4096;
constexpr std::size_t kPiece = 24 << 10;

}  // namespace

SinkDesk::SinkDesk(rt::Loop& loop, const Inventory& inventory, Paths paths)
    : loop_(loop), inventory_(inventory), paths_(std::move(paths)) {
    outlets_.emplace(wire::LogSink::syslog, sinks::Outlet(paths_.syslog));
    outlets_.emplace(wire::LogSink::journald, sinks::Outlet(paths_.journal));
}

SinkDesk::~SinkDesk() {
    loop_.cancel(timer_);
    for (auto& [key, task] : tasks_) save(key, task);
}

// Tasks whose command was not heard yet go on as they were remembered.
void SinkDesk::start() {
    for (const TaskKey& key : inventory_.tasks()) open(key, "", {});
    round();
}

std::string SinkDesk::file(const TaskKey& key) const {
    return paths_.tasks + "/" + key.alloc + "/" + key.task + "/sinks";
}

void SinkDesk::round() {
    if (loop_.now() >= looked_at_ + kIdle) look_for_tasks();
    Rest rest = Rest::long_;
    // One that has much to send has its turn, and then the next one, so that the loop is never held for long.
    auto next = tasks_.upper_bound(served_);
    for (std::size_t left = tasks_.size(); left > 0 && rest != Rest::none; --left, ++next) {
        if (next == tasks_.end()) next = tasks_.begin();
        served_ = next->first;
        rest = std::min(rest, send(next->first, next->second));
    }
    blocked_ = rest == Rest::blocked ? blocked_ + 1 : 0;
    const Duration pause = rest == Rest::none    ? Duration{}
                           : rest == Rest::long_ ? kIdle
                                                 : backoff(kBusy, blocked_, kIdle);
    timer_ = loop_.at(loop_.now() + pause, [this] { round(); });
}

void SinkDesk::look_for_tasks() {
    looked_at_ = loop_.now();
    std::erase_if(tasks_, [&](const auto& item) { return !inventory_.shows(item.first); });
    if (std::exchange(known_, inventory_.accepted()) == inventory_.accepted()) return;
    inventory_.each_standing([&](const TaskKey& key, const wire::TaskCommand& command) {
        if (command.spec.logs.sinks.empty() || tasks_.contains(key)) return;
        const auto wanted = sinks::daemons(command.spec.logs);
        if (!wanted.empty()) open(key, command.job, wanted);
    });
}

void SinkDesk::open(const TaskKey& key, const std::string& job, const std::vector<wire::LogSink>& wanted) {
    sinks::Memory memory;
    if (const auto text = os::read_file(file(key), kMaxMemory))
        memory = sinks::parse_memory(*text).value_or(sinks::Memory());
    if (!job.empty()) memory.job = job;
    for (const wire::LogSink sink : wanted)
        for (const char* stream : {"stdout", "stderr"}) memory.courses.try_emplace({sink, stream});
    if (memory.job.empty() || memory.courses.empty()) return;
    Task& task = tasks_.try_emplace(key, allocdir::paths(paths_.allocs, key.alloc, key.task).logs, key).first->second;
    for (const auto& [way, sent] : memory.courses)
        task.courses.emplace_back(way.first, sinks::Origin{memory.job, key.alloc, key.task, way.second}, sent);
    task.saved.job = memory.job;
}

Rest SinkDesk::send(const TaskKey& key, Task& task) {
    const auto counts = task.gauge.look();
    Rest rest = Rest::long_;
    for (sinks::Course& course : task.courses) {
        const auto read = [&](std::uint64_t offset) {
            return launcher::read_log(task.logs, key.task, course.stream(),
                                      {.offset = static_cast<std::int64_t>(offset), .limit = kPiece, .marks = true});
        };
        const std::uint64_t end = counts[course.stream() == "stdout" ? 0 : 1].bytes;
        rest = std::min(rest, course.go(read, end, outlets_.at(course.sink()), loop_.now()));
    }
    if (loop_.now() >= task.saved_at + kSave) save(key, task);
    return rest;
}

void SinkDesk::save(const TaskKey& key, Task& task) {
    sinks::Memory now{task.saved.job, {}};
    for (const sinks::Course& course : task.courses) now.courses[{course.sink(), course.stream()}] = course.sent();
    task.saved_at = loop_.now();
    // Where this fails, lines that were sent since may be sent again.
    if (now != task.saved && os::write_file_atomic(file(key), sinks::to_text(now), 0600, os::Durable::no))
        task.saved = std::move(now);
}

std::uint64_t SinkDesk::dropped(const TaskKey& key) const {
    std::uint64_t sum = 0;
    if (const auto it = tasks_.find(key); it != tasks_.end())
        for (const sinks::Course& course : it->second.courses) sum += course.sent().dropped;
    return sum;
}

void SinkDesk::describe(wire::NodeObserved& node) const {
    for (const auto& [sink, outlet] : outlets_)
        if (!outlet.trouble().empty()) node.attributes["logs." + std::string(to_string(sink))] = outlet.trouble();
}

}  // namespace drover::driver_manager
