#include "cli/driver_stand.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "base/hash.hpp"
#include "ipc/home.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"
#include "os/remove.hpp"
#include "os/unix_socket.hpp"
#include "wire/codec.hpp"

namespace drover::cli {
namespace {

constexpr Duration kLaunchLimit = seconds(10);
constexpr Duration kGlance = milliseconds(10);
constexpr Duration kOutputLimit = seconds(5);
constexpr const char* kMark = "DROVER_DRIVER_TEST";

Instant monotonic() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return Instant{} + seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

// Until it is readable, or the time is over.
bool readable(int fd, Duration limit) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(limit.ms())) > 0;
}

std::string real_path(const std::string& path) {
    char* const real = ::realpath(path.c_str(), nullptr);
    std::string out = real != nullptr ? real : "";
    std::free(real);
    return out;
}

}  // namespace

Result<DriverTalk> DriverTalk::open(const std::string& home) {
    auto socket = os::connect_stream_in(home, ipc::kDriverSocket);
    if (!socket) return tl::unexpected(socket.error());
    return DriverTalk(std::move(*socket));
}

void DriverTalk::send(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t n = ::send(socket_.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return;
        if (n > 0) at += static_cast<std::size_t>(n);
        pollfd one{socket_.get(), POLLOUT, 0};
        if (n < 0 && ::poll(&one, 1, static_cast<int>(kLaunchLimit.ms())) <= 0) return;
    }
}

Result<wire::DriverAnswer> DriverTalk::hear(Duration limit) {
    const Instant deadline = monotonic() + limit;
    while (true) {
        const auto message = frames_.next();
        if (!message) return fail(ErrorKind::invalid, "it sent " + message.error().message);
        if (*message) return wire::decode<wire::DriverAnswer>(**message);
        const Duration left = deadline - monotonic();
        if (left.ns <= 0 || !readable(socket_.get(), left))
            return fail(ErrorKind::unavailable, "it has not answered for " + to_string(limit));
        char bytes[16384];
        const ssize_t n = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return fail(ErrorKind::io, "it has closed the connection");
        if (n > 0) frames_.feed({bytes, static_cast<std::size_t>(n)});
    }
}

Result<wire::DriverAnswer> DriverTalk::call(wire::DriverCall call, Duration limit) {
    call.number = ++number_;
    send(ipc::frame(wire::encode(call)));
    auto answer = hear(limit);
    if (answer && answer->number != call.number)
        return fail(ErrorKind::invalid, "it answered call " + std::to_string(answer->number) + " instead of " +
                                            std::to_string(call.number));
    return answer;
}

Result<std::unique_ptr<DriverStand>> DriverStand::make(const std::string& program) {
    const std::string path = real_path(program);
    if (path.empty() || ::access(path.c_str(), X_OK) != 0)
        return fail(ErrorKind::not_found, program + " is no program that may be run");
    char dir[] = "/tmp/drover-driver-test-XXXXXX";
    if (::mkdtemp(dir) == nullptr) return fail_errno("cannot make a directory in /tmp", errno);
    return std::unique_ptr<DriverStand>(new DriverStand(path, dir));
}

DriverStand::DriverStand(std::string program, std::string dir) : program_(std::move(program)), dir_(std::move(dir)) {
    const std::string file = program_.substr(program_.rfind('/') + 1);
    name_ = file.substr(0, file.find('.'));
}

DriverStand::~DriverStand() {
    kill();
    for (const wire::DriverTask& left : tasks_) {
        const std::string mark = std::string(kMark) + "=" + left.id;
        for (const os::ProcStat& process : os::all_procs()) {
            const std::string path = "/proc/" + std::to_string(process.pid) + "/environ";
            const std::string env = os::read_file(path, 1 << 20).value_or("");
            if (env.find(mark) != std::string::npos) ::kill(process.pid, SIGKILL);
        }
    }
    (void)os::remove_tree(dir_);
}

std::string DriverStand::last_words() const { return ipc::last_words(dir_); }

bool DriverStand::lives() const { return process_ && !os::wait_exited(process_->pidfd.get(), {}); }

Result<void> DriverStand::launch() {
    ::unlink((dir_ + "/" + ipc::kDriverSocket).c_str());
    const UniqueFd log(::open((dir_ + "/" + ipc::kDriverLog).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    os::SpawnOptions options;
    options.path = program_;
    options.argv = {program_};
    for (char** entry = environ; *entry != nullptr; ++entry) options.env.emplace_back(*entry);
    options.env.push_back("DROVER_DRIVER_NAME=" + name_);
    options.env.push_back("DROVER_DRIVER_DIR=" + dir_);
    options.fds = {{log.get(), STDOUT_FILENO}, {log.get(), STDERR_FILENO}};
    options.work_dir = dir_;
    options.new_session = true;
    auto process = os::spawn(options, os::Stdio::null);
    if (!process) return tl::unexpected(process.error());
    process_ = std::move(*process);
    const Instant deadline = monotonic() + kLaunchLimit;
    while (!DriverTalk::open(dir_)) {
        if (!lives()) return fail(ErrorKind::unavailable, "it has ended; its last words: " + last_words());
        if (monotonic() > deadline)
            return fail(ErrorKind::unavailable, "nobody listens at driver.sock after " + to_string(kLaunchLimit));
        ::poll(nullptr, 0, static_cast<int>(kGlance.ms()));
    }
    return {};
}

void DriverStand::kill() {
    if (!process_) return;
    (void)os::send_signal(process_->pidfd.get(), SIGKILL);
    (void)os::wait_exited(process_->pidfd.get(), kLaunchLimit);
    (void)os::reap(process_->pidfd.get());
    process_.reset();
}

Result<DriverTalk> DriverStand::talk() const {
    auto talk = DriverTalk::open(dir_);
    if (!talk) return talk;
    const auto answer = talk->call({}, kLaunchLimit);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->failure != wire::DriverFailure::none) return fail(ErrorKind::refused, answer->error);
    return talk;
}

Result<wire::DriverTask> DriverStand::task(const wire::Value::Map& samples, const std::string& sample) {
    const auto config = samples.find(sample);
    const auto* map = config == samples.end() ? nullptr : std::get_if<wire::Value::Map>(&config->second.data);
    if (map == nullptr)
        return fail(ErrorKind::not_found, "its handshake names no sample \"" + sample + "\" of a config");
    wire::DriverTask task;
    task.id = "test-" + random_hex(12);
    task.alloc = "4f1c2a9b";
    task.task = sample;
    task.job = "test";
    task.config = *map;
    task.dir = dir_ + "/" + task.id;
    task.notes = task.dir + "/notes";
    task.stdout_path = task.dir + "/stdout.pipe";
    task.stderr_path = task.dir + "/stderr.pipe";
    task.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {kMark, task.id}};
    for (const std::string& dir : {task.dir, task.notes})
        if (const auto made = os::make_dir(dir, 0700); !made) return tl::unexpected(made.error());
    for (const std::string& pipe : {task.stdout_path, task.stderr_path}) {
        if (::mkfifo(pipe.c_str(), 0600) != 0) return fail_errno("cannot make " + pipe, errno);
        pipes_.emplace_back(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    }
    tasks_.push_back(task);
    return task;
}

std::string DriverStand::output(const wire::DriverTask& task) const {
    const UniqueFd pipe(::open(task.stdout_path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!pipe.valid() || !readable(pipe.get(), kOutputLimit)) return {};
    char bytes[4096];
    const ssize_t n = ::read(pipe.get(), bytes, sizeof bytes);
    return {bytes, n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::size_t DriverStand::roots(const wire::DriverTask& task) {
    const std::string mark = std::string(kMark) + "=" + task.id;
    std::vector<os::ProcStat> marked;
    for (const os::ProcStat& process : os::all_procs()) {
        const std::string path = "/proc/" + std::to_string(process.pid) + "/environ";
        const std::string env = os::read_file(path, 1 << 20).value_or("");
        if (env.find(mark) != std::string::npos) marked.push_back(process);
    }
    return static_cast<std::size_t>(std::count_if(marked.begin(), marked.end(), [&](const os::ProcStat& one) {
        return std::none_of(marked.begin(), marked.end(), [&](const auto& other) { return other.pid == one.parent; });
    }));
}

}  // namespace drover::cli
