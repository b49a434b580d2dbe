// A command inside a container.
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "driver-manager/docker/answers.hpp"
#include "driver-manager/docker/engine.hpp"
#include "driver-manager/session/command.hpp"
#include "driver-manager/session/demux.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"

namespace drover::session {
namespace {

using Json = nlohmann::json;

constexpr Duration kQuick = seconds(10);
constexpr Duration kSlow = minutes(1);  // on a machine that is busy

class InContainer : public Command {
   public:
    InContainer(docker::Engine engine, std::string id, docker::Stream stream, const Wanted& wanted)
        : engine_(std::move(engine)), id_(std::move(id)), fd_(std::move(stream.fd)), wanted_(wanted) {
        takes_input_ = wanted.takes_input || wanted.tty;
        sort(stream.head.body);
        resize(wanted.rows, wanted.columns);
    }

    // The daemon leaves what it has started alone when nobody listens.
    ~InContainer() override {
        if (code_) return;
        const auto now = state();
        if (!now || !now->running || now->pid <= 0) return;
        for (const os::ProcStat& process : os::descendants(now->pid)) {
            const auto pidfd = os::open_pidfd(process.pid);
            const auto still = os::read_proc(process.pid);
            if (pidfd && still && still->start_time == process.start_time) (void)os::send_signal(pidfd->get(), SIGKILL);
        }
    }

    std::array<int, 2> outputs() const override { return {fd_.get(), -1}; }

    bool holds_output() const override { return !held_[0].empty() || !held_[1].empty(); }

    Output read(std::size_t) override {
        if (!holds_output()) receive();
        const std::size_t which = held_[0].empty() ? 1 : 0;
        Output out{which == 0 ? "stdout" : "stderr", held_[which].substr(0, wire::kSessionPiece)};
        held_[which].erase(0, out.bytes.size());
        if (at_end_ && !holds_output()) fd_.reset();
        return out;
    }

    int input() const override { return takes_input_ ? fd_.get() : -1; }

    std::size_t write(std::string_view bytes) override {
        const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN || errno == EINTR) return 0;
        takes_input_ = false;  // nobody reads it
        return bytes.size();
    }

    void end_input() override {
        constexpr char kEndOfText = 4;
        if (wanted_.tty && takes_input_) (void)write({&kEndOfText, 1});
        if (!wanted_.tty && fd_.valid()) ::shutdown(fd_.get(), SHUT_WR);
        takes_input_ = false;
    }

    void resize(std::uint32_t rows, std::uint32_t columns) override {
        if (!wanted_.tty || rows == 0 || columns == 0) return;
        (void)engine_.ask(
            "POST", "/exec/" + id_ + "/resize?h=" + std::to_string(rows) + "&w=" + std::to_string(columns), "", kQuick);
    }

    // The daemon has no way to do it, but the process is one of this machine.
    Result<void> signal(int number) override {
        const auto now = state();
        if (!now) return tl::unexpected(now.error());
        if (!now->running || now->pid <= 0) return fail(ErrorKind::not_found, "the command has ended");
        const auto pidfd = os::open_pidfd(now->pid);
        if (!pidfd) return tl::unexpected(pidfd.error());
        return os::send_signal(pidfd->get(), number);
    }

    int end() const override { return -1; }

    std::optional<int> code() override {
        if (code_ || !at_end_) return code_;
        const auto now = state();
        // A container that is gone took its commands with it.
        if (!now && now.error().kind == ErrorKind::not_found) code_ = 128 + SIGKILL;
        if (now && !now->running) code_ = now->exit_code;
        return code_;
    }

   private:
    void receive() {
        char piece[wire::kSessionPiece];
        const ssize_t n = ::recv(fd_.get(), piece, sizeof piece, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        at_end_ = n <= 0;
        if (n > 0) sort({piece, static_cast<std::size_t>(n)});
    }

    void sort(std::string_view bytes) {
        if (wanted_.tty) {
            held_[0].append(bytes);
        } else if (!demux_.feed(bytes)) {
            at_end_ = true;
        }
    }

    Result<docker::CommandState> state() const {
        const auto answer = engine_.ask("GET", "/exec/" + id_ + "/json", "", kQuick);
        if (!answer) return tl::unexpected(answer.error());
        if (answer->status == 404) return fail(ErrorKind::not_found, docker::reason(*answer));
        if (!answer->good()) return fail(ErrorKind::io, docker::reason(*answer));
        return docker::read_command(*answer);
    }

    docker::Engine engine_;
    std::string id_;
    UniqueFd fd_;
    Wanted wanted_;
    std::array<std::string, 2> held_;
    Demux demux_{[this](int stream, std::string_view bytes) { held_[static_cast<std::size_t>(stream)].append(bytes); }};
    bool takes_input_ = false;
    bool at_end_ = false;
    std::optional<int> code_;
};

Result<std::string> find_container(const docker::Engine& engine, const std::string& incarnation) {
    const auto answer = engine.ask("GET", docker::list_path({{docker::kIncarnationLabel, incarnation}}), "", kQuick);
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->good()) return fail(ErrorKind::io, docker::reason(*answer));
    const auto list = docker::read_list(*answer);
    if (!list) return tl::unexpected(list.error());
    if (list->empty()) return fail(ErrorKind::not_found, "the task has no container any more");
    return list->front().id;
}

Result<std::string> create_exec(const docker::Engine& engine, const std::string& container, const Wanted& wanted) {
    Json body = {{"AttachStdin", wanted.takes_input || wanted.tty},
                 {"AttachStdout", true},
                 {"AttachStderr", true},
                 {"Tty", wanted.tty},
                 {"Cmd", wanted.words}};
    if (wanted.env) body["Env"] = *wanted.env;
    if (wanted.tty && !wanted.tty_type.empty()) body["Env"] = {"TERM=" + wanted.tty_type};
    std::string text;
    try {
        text = body.dump();
    } catch (const Json::exception&) {
        return fail(ErrorKind::invalid, "the daemon takes text only, and a word of the command is no UTF-8");
    }
    const auto answer = engine.ask("POST", "/containers/" + container + "/exec", text, kSlow);
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->good()) return fail(ErrorKind::refused, "cannot run in the container: " + docker::reason(*answer));
    return docker::read_id(*answer);
}

}  // namespace

Result<std::unique_ptr<Command>> start_in_container(const shim::Spec& task, const Wanted& wanted) {
    docker::Engine engine(task.engine);
    const auto container = find_container(engine, task.id);
    if (!container) return tl::unexpected(container.error());
    auto id = create_exec(engine, *container, wanted);
    if (!id) return tl::unexpected(id.error());
    const Json how = {{"Detach", false}, {"Tty", wanted.tty}};
    auto stream = engine.open("POST", "/exec/" + *id + "/start", how.dump(), kSlow);
    if (!stream) return tl::unexpected(stream.error());
    if (!stream->head.good()) {
        const std::string why = docker::reason(stream->head);
        return fail(why.find("not found") != std::string::npos ? ErrorKind::not_found : ErrorKind::refused,
                    "cannot run " + wanted.words.front() + " in the container: " + why);
    }
    return std::make_unique<InContainer>(std::move(engine), std::move(*id), std::move(*stream), wanted);
}

}  // namespace drover::session
