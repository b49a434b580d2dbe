// A command as a process beside that of its task.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "driver-manager/session/command.hpp"
#include "driver-manager/session/oci.hpp"
#include "driver-manager/session/terminal.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "shim/child.hpp"
#include "shim/protocol.h"
#include "shim/tree.hpp"

namespace drover::session {
namespace {

constexpr std::size_t kMaxConfig = 1 << 20;
constexpr Duration kHangUp = seconds(1);  // for a command that is told to end
constexpr Duration kDying = seconds(5);   // for what was killed

// Pairs of descriptors: ours and those that the command gets.
struct Channels {
    UniqueFd master;  // of a terminal; then there is nothing else, but the errors of a runtime
    UniqueFd in, out, err;
    UniqueFd their_in, their_out, their_err;
    UniqueFd report;
};

Result<void> make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
    read_end = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
    return {};
}

void never_block(const UniqueFd& fd) {
    if (fd.valid()) ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

Result<Channels> open_channels(const shim::Spec& task, const Wanted& wanted) {
    Channels out;
    if (wanted.tty && !task.isolated) {
        auto terminal = open_terminal(task.has_user ? task.uid : ::geteuid());
        if (!terminal) return tl::unexpected(terminal.error());
        out.master = std::move(terminal->master);
        out.their_in = std::move(terminal->slave);
        set_size(out.master.get(), wanted.rows, wanted.columns);
        return out;
    }
    if (const auto made = make_pipe(out.err, out.their_err); !made) return tl::unexpected(made.error());
    if (!wanted.tty)
        if (const auto made = make_pipe(out.out, out.their_out); !made) return tl::unexpected(made.error());
    if (!wanted.tty && wanted.takes_input)
        if (const auto made = make_pipe(out.their_in, out.in); !made) return tl::unexpected(made.error());
    for (const UniqueFd* fd : {&out.in, &out.out, &out.err}) never_block(*fd);
    return out;
}

shim::ChildFds child_fds(const Channels& channels) {
    const auto first = [](const UniqueFd& fd, const UniqueFd& otherwise) {
        return fd.valid() ? fd.get() : otherwise.get();
    };
    shim::ChildFds fds;
    fds.in = channels.their_in.get();
    fds.terminal = channels.master.valid();
    const UniqueFd& terminal = fds.terminal ? channels.their_in : channels.their_err;
    fds.out = first(channels.their_out, terminal);
    fds.err = first(channels.their_err, terminal);
    fds.report = channels.report.get();
    fds.tied = true;
    return fds;
}

Result<UniqueFd> in_memory(const std::string& text) {
    UniqueFd fd(::memfd_create("drover-session", MFD_CLOEXEC));
    if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail_errno("cannot keep the command in memory", errno);
    return fd;
}

// The words of the runtime that started the task, up to its verb, and what they should do now. Whatever of the
// environment is secret stays in memory: the runtime reads it from a descriptor.
Result<std::vector<std::string>> runtime_words(const shim::Spec& task, const Wanted& wanted, const std::string& socket,
                                               Channels& channels) {
    const auto config = os::read_file(SHIM_CONFIG_FILE, kMaxConfig);
    if (!config) return fail(ErrorKind::not_found, "the task's isolation is not on record any more: it has just ended");
    const auto process = oci_process(*config, wanted);
    if (!process) return tl::unexpected(process.error());
    auto file = in_memory(*process);
    if (!file) return tl::unexpected(file.error());
    channels.report = std::move(*file);
    std::vector<std::string> words;
    char* const* word = task.argv;
    for (; *word != nullptr && std::strcmp(*word, "--log") != 0 && std::strcmp(*word, "run") != 0; ++word)
        words.emplace_back(*word);
    while (*word != nullptr && word[1] != nullptr) ++word;
    words.insert(words.end(), {"exec", "--process=/proc/self/fd/" + std::to_string(SHIM_REPORT_FD)});
    if (!socket.empty()) words.push_back("--console-socket=/proc/" + std::to_string(::getpid()) + "/cwd/" + socket);
    words.emplace_back(*word != nullptr ? *word : "");
    return words;
}

// Of an isolated task it is that of its runtime.
std::vector<std::string> environment(const shim::Spec& task, const Wanted& wanted) {
    if (wanted.env && !task.isolated) return *wanted.env;
    std::vector<std::string> out;
    const bool terminal = wanted.tty && !task.isolated;
    for (char* const* entry = task.envp; *entry != nullptr; ++entry)
        if (!terminal || std::strncmp(*entry, "TERM=", 5) != 0) out.emplace_back(*entry);
    if (terminal) out.push_back("TERM=" + wanted.tty_type);
    return out;
}

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

class Process : public Command {
   public:
    Process(pid_t pid, UniqueFd pidfd, Channels channels)
        : pid_(pid), pidfd_(std::move(pidfd)), channels_(std::move(channels)) {
        tty_ = channels_.master.valid();
        takes_input_ = tty_ || channels_.in.valid();
    }
    ~Process() override {
        channels_.master.reset();  // which tells those on the terminal
        if (!code_) ::kill(-pid_, SIGHUP);
        if (!code_ && os::wait_exited(pidfd_.get(), kHangUp)) (void)code();
        end_tree();
    }

    std::array<int, 2> outputs() const override {
        return {tty_ ? channels_.master.get() : channels_.out.get(), channels_.err.get()};
    }

    Output read(std::size_t output) override {
        UniqueFd& fd = output == 1 ? channels_.err : tty_ ? channels_.master : channels_.out;
        Output out{output == 1 ? "stderr" : "stdout", std::string(wire::kSessionPiece, '\0')};
        std::size_t size = 0;
        ssize_t n = 1;
        // A terminal gives little at a time.
        while (n > 0 && size < out.bytes.size()) {
            n = ::read(fd.get(), out.bytes.data() + size, out.bytes.size() - size);
            if (n > 0) size += static_cast<std::size_t>(n);
        }
        // The last one who had the terminal open has gone: EIO.
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
        out.bytes.resize(size);
        return out;
    }

    int input() const override {
        if (!takes_input_) return -1;
        return tty_ ? channels_.master.get() : channels_.in.get();
    }

    std::size_t write(std::string_view bytes) override {
        const ssize_t n = ::write(input(), bytes.data(), bytes.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN || errno == EINTR) return 0;
        takes_input_ = false;  // nobody reads it
        return bytes.size();
    }

    void end_input() override {
        constexpr char kEndOfText = 4;
        if (tty_ && takes_input_) (void)write({&kEndOfText, 1});
        if (!tty_) channels_.in.reset();
        takes_input_ = false;
    }

    void resize(std::uint32_t rows, std::uint32_t columns) override {
        if (channels_.master.valid()) set_size(channels_.master.get(), rows, columns);
    }

    // A runtime passes signals on to what it has started.
    Result<void> signal(int number) override {
        if (!code_ && ::kill(-pid_, number) == 0) return {};
        return fail(ErrorKind::not_found, "the command has ended");
    }

    int end() const override { return code_ ? -1 : pidfd_.get(); }

    std::optional<int> code() override {
        int status = 0;
        if (code_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return code_;
        code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        end_tree();
        return code_;
    }

   private:
    // We are a subreaper: what the command leaves behind becomes our child.
    static void end_tree() {
        const shim::Spec nothing;
        for (Duration waited{}; waited < kDying; waited = waited + milliseconds(5)) {
            shim::strike_tree(nothing);
            while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
            if (shim::any_child(::getpid()) == 0) return;
            ::poll(nullptr, 0, 5);
        }
    }

    pid_t pid_;
    UniqueFd pidfd_;
    Channels channels_;
    bool tty_ = false;
    bool takes_input_ = false;
    std::optional<int> code_;
};

Error not_started(const shim::StartError& error, const std::string& command) {
    const std::string why = std::string(error.step) + " " + error.object + ": " + std::strerror(error.code);
    const bool looked_for = std::strcmp(error.step, "cannot execute") == 0 && command.find('/') == std::string::npos;
    if (error.code == ENOENT && looked_for)
        return {ErrorKind::not_found, "there is no command " + command + " along the PATH of the task"};
    return {error.code == ENOENT ? ErrorKind::not_found : ErrorKind::refused, why};
}

}  // namespace

Result<std::unique_ptr<Command>> start_process(const shim::Spec& task, const Wanted& wanted) {
    auto channels = open_channels(task, wanted);
    if (!channels) return tl::unexpected(channels.error());
    const bool console = wanted.tty && task.isolated;
    const std::string socket = console ? "session-" + std::to_string(::getpid()) : "";
    auto listener = console ? listen_as(socket.c_str()) : Result<UniqueFd>(UniqueFd());
    if (!listener) return tl::unexpected(listener.error());
    auto words =
        task.isolated ? runtime_words(task, wanted, socket, *channels) : Result<std::vector<std::string>>(wanted.words);
    if (!words) return tl::unexpected(words.error());
    auto env = environment(task, wanted);
    const std::vector<char*> envp = pointers_of(env);
    char path[4096];
    words->front() = shim::find_program(words->front().c_str(), envp.data(), path, sizeof path);
    std::vector<char*> argv = pointers_of(*words);
    shim::Spec spec = task;
    spec.argv = argv.data();
    spec.envp = const_cast<char**>(envp.data());
    shim::StartError error;
    const pid_t pid = shim::start_task(spec, child_fds(*channels), &error);
    if (pid < 0) {
        const Error why = not_started(error, wanted.words.front());
        return fail(why.kind, why.message);
    }
    auto pidfd = os::open_pidfd(pid);
    if (!pidfd) return tl::unexpected(pidfd.error());
    for (UniqueFd* theirs : {&channels->their_in, &channels->their_out, &channels->their_err, &channels->report})
        theirs->reset();
    if (console) {
        auto master = receive_master(listener->get(), pidfd->get());
        ::unlink(socket.c_str());
        if (!master && master.error().kind != ErrorKind::not_found) {
            ::kill(pid, SIGKILL);
            return tl::unexpected(master.error());
        }
        // Without one the runtime says on its error output why.
        if (master) channels->master = std::move(*master);
        if (master) set_size(channels->master.get(), wanted.rows, wanted.columns);
    }
    return std::make_unique<Process>(pid, std::move(*pidfd), std::move(*channels));
}

}  // namespace drover::session
