#include "driver-manager/session/server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "os/signal_names.hpp"
#include "shim/text.hpp"
#include "wire/codec.hpp"

namespace drover::session {
namespace {

constexpr std::size_t kMaxWords = 256 << 10;     // bytes of one message
constexpr std::int64_t kQuiet = seconds(1).ns;   // for output that comes after the end
constexpr std::int64_t kHeard = seconds(30).ns;  // for somebody to hear the last of it
constexpr int kLookMs = 250;                     // between looks for an end that nothing tells of
constexpr int kRestMs = 60'000;
constexpr int kOverdue = 124;

int refusal_code(const Error& error) { return error.kind == ErrorKind::not_found ? 127 : 126; }

Wanted wanted_of(const wire::SessionDesired& desired) {
    return {.words = desired.command,
            .tty = desired.tty,
            .tty_type = desired.tty_type,
            .rows = desired.rows,
            .columns = desired.columns,
            .takes_input = desired.takes_input};
}

}  // namespace

void Server::run() {
    while (true) {
        const auto outputs = command_ && may_say_more() ? command_->outputs() : std::array<int, 2>{-1, -1};
        const bool holds = command_ && may_say_more() && command_->holds_output();
        const bool gives = command_ && wanted_.input_number > said_.heard;
        pollfd fds[] = {{socket_, static_cast<short>(POLLIN | (unsaid_ ? POLLOUT : 0)), 0},
                        {outputs[0], POLLIN, 0},
                        {outputs[1], POLLIN, 0},
                        {gives ? command_->input() : -1, POLLOUT, 0},
                        {command_ ? command_->end() : -1, POLLIN, 0}};
        if (::poll(fds, 5, holds ? 0 : wait_ms()) < 0 && errno != EINTR) return;
        if ((fds[0].revents & ~POLLOUT) != 0 && !hear()) return;
        if (command_) {
            if (gives) give_input();
            if (may_say_more()) take_output(holds || fds[1].revents != 0, fds[2].revents != 0);
            look_for_end();
        }
        if (unsaid_) say();
        if (said_.phase == wire::SessionPhase::ended && !unsaid_) return;
    }
}

int Server::wait_ms() const { return command_ && (quiet_since_ != 0 || command_->end() < 0) ? kLookMs : kRestMs; }

bool Server::hear() {
    std::string bytes(kMaxWords, '\0');
    const ssize_t n = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n <= 0) return false;
    auto desired = wire::decode<wire::SessionDesired>(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
    if (!desired) return false;
    const bool other_size = desired->rows != wanted_.rows || desired->columns != wanted_.columns;
    wanted_ = std::move(*desired);
    if (!command_) {
        begin();
    } else {
        if (other_size) command_->resize(wanted_.rows, wanted_.columns);
        apply();
    }
    return true;
}

void Server::begin() {
    said_.id = wanted_.id;
    auto task = Task::read();
    if (!task) return end(refusal_code(task.error()), task.error().message);
    task_ = std::move(*task);
    Wanted wanted = wanted_of(wanted_);
    // A driver may have scripted what is to be seen of any.
    char* const* scripted = task_->spec().beside;
    if (*scripted != nullptr) wanted.words.clear();
    for (; *scripted != nullptr; ++scripted) wanted.words.emplace_back(*scripted);
    auto command = start(task_->spec(), wanted);
    if (!command) return end(refusal_code(command.error()), command.error().message);
    command_ = std::move(*command);
    said_.phase = wire::SessionPhase::running;
    unsaid_ = true;
    apply();
}

void Server::apply() {
    for (const wire::SignalOrder& order : wanted_.signals) {
        if (order.id <= said_.signals_applied) continue;
        const auto number = os::signal_number(order.signal);
        const auto sent = number ? command_->signal(*number) : tl::unexpected(number.error());
        said_.signals_applied = order.id;
        said_.signal_error = sent ? "" : sent.error().message;
        unsaid_ = true;
    }
    give_input();
}

void Server::give_input() {
    if (wanted_.input_number == said_.heard + 1) {
        while (given_ < wanted_.input.size() && command_->input() >= 0) {
            const std::size_t n = command_->write(std::string_view(wanted_.input).substr(given_));
            given_ += n;
            if (n == 0) return;
        }
        given_ = 0;
        said_.heard = wanted_.input_number;
        unsaid_ = true;
    }
    if (wanted_.input_ended && said_.heard == wanted_.input_number && !input_over_) {
        input_over_ = true;
        command_->end_input();
    }
}

void Server::take_output(bool first, bool second) {
    const bool ready[] = {first, second};
    for (std::size_t i = 0; i < 2; ++i) {
        if (!ready[i]) continue;
        Output output = command_->read(i);
        if (output.bytes.empty()) continue;
        ++said_.output_number;
        said_.stream = output.stream;
        said_.output = std::move(output.bytes);
        unsaid_ = true;
        if (quiet_since_ != 0) quiet_since_ = shim::monotonic_ns();
        return;
    }
}

void Server::look_for_end() {
    const auto code = command_->code();
    if (!code) return;
    const std::int64_t now = shim::monotonic_ns();
    if (quiet_since_ == 0) quiet_since_ = now;
    const auto outputs = command_->outputs();
    const bool all_read = outputs[0] < 0 && outputs[1] < 0;
    if (now - quiet_since_ < (may_say_more() ? kQuiet : kHeard) && !(all_read && may_say_more())) return;
    end(*code, "");
}

void Server::end(int code, const std::string& error) {
    said_.phase = wire::SessionPhase::ended;
    said_.code = code;
    said_.error = error;
    unsaid_ = true;
}

void Server::say() {
    const std::string bytes = wire::encode(said_);
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    unsaid_ = n < 0 && (errno == EAGAIN || errno == EINTR);
}

int run_plainly(const Wanted& wanted, Duration limit, const std::function<bool()>& given_up, std::string& why) {
    const std::int64_t end = shim::monotonic_ns() + limit.ns;
    const auto refuse = [&](const Error& error) {
        why = error.message;
        return refusal_code(error);
    };
    const auto task = Task::read();
    if (!task) return refuse(task.error());
    const auto command = start(task->spec(), wanted);
    if (!command) return refuse(command.error());
    while (shim::monotonic_ns() < end && !given_up()) {
        const auto outputs = (*command)->outputs();
        pollfd fds[] = {{outputs[0], POLLIN, 0}, {outputs[1], POLLIN, 0}, {(*command)->end(), POLLIN, 0}};
        const std::int64_t left_ms = (end - shim::monotonic_ns()) / milliseconds(1).ns + 1;
        (void)::poll(fds, 3, static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, kLookMs)));
        for (std::size_t i = 0; i < 2; ++i)
            if (fds[i].revents != 0) (void)(*command)->read(i);
        if (const auto code = (*command)->code()) return *code;
    }
    why = wanted.words.front() + " did not end within " + to_string(limit) + " and was killed";
    return kOverdue;
}

}  // namespace drover::session
