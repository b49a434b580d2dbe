#include "driver-manager/docker/engine.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <optional>

namespace drover::docker {

namespace {

constexpr std::size_t kMaxHead = 64 << 10;
constexpr std::size_t kMaxBody = 16 << 20;
constexpr std::size_t kPiece = 16 << 10;

Duration monotonic() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return seconds(t.tv_sec) + nanoseconds(t.tv_nsec);
}

// One exchange with the daemon until its deadline.
class Talk {
   public:
    Talk(std::string socket, Duration limit)
        : socket_(std::move(socket)), limit_(limit), deadline_(monotonic() + limit) {}

    Result<void> connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (socket_.size() >= sizeof address.sun_path) return silent("its path is too long");
        std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
        fd_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const auto* where = reinterpret_cast<const sockaddr*>(&address);
        if (!fd_.valid() || ::connect(fd_.get(), where, sizeof address) != 0) return silent(std::strerror(errno));
        return {};
    }

    Result<void> send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(n));
            } else if (errno == EPIPE || errno == ECONNRESET) {
                return {};  // one that does not want to hear more has answered
            } else if (const auto ready = wait(POLLOUT); !ready) {
                return ready;
            }
        }
        return {};
    }

    // False at the end.
    Result<bool> receive(std::string& to) {
        char piece[kPiece];
        while (true) {
            const ssize_t n = ::recv(fd_.get(), piece, sizeof piece, 0);
            if (n > 0) to.append(piece, static_cast<std::size_t>(n));
            if (n >= 0) return n > 0;
            if (errno == ECONNRESET) return false;
            if (const auto ready = wait(POLLIN); !ready) return tl::unexpected(ready.error());
        }
    }

    Result<void> wait(short events) {
        if (errno != EAGAIN && errno != EINTR) return silent(std::strerror(errno));
        const Duration left = deadline_ - monotonic();
        pollfd p{fd_.get(), events, 0};
        const auto ms = static_cast<int>(std::clamp<std::int64_t>(left.ms() + 1, 0, 1 << 30));
        if (left.ns <= 0 || ::poll(&p, 1, ms) == 0) return silent("it has not answered for " + to_string(limit_));
        return {};
    }

    tl::unexpected<Error> silent(const std::string& why) const {
        return fail(ErrorKind::unavailable, "the docker daemon does not answer at " + socket_ + ": " + why);
    }

    UniqueFd take() { return std::move(fd_); }

   private:
    std::string socket_;
    Duration limit_;
    Duration deadline_;
    UniqueFd fd_;
};

std::string question(std::string_view method, std::string_view path, std::string_view type, std::uint64_t size,
                     std::string_view headers = "") {
    std::string out;
    out.append(method).append(" ").append(path).append(" HTTP/1.0\r\nHost: docker\r\n");
    if (method == "POST") {
        out.append("Content-Type: ").append(type);
        out.append("\r\nContent-Length: ").append(std::to_string(size)).append("\r\n");
    }
    return out.append(headers).append("\r\n");
}

struct Head {
    int status = 0;
    std::size_t size = 0;                       // with the empty line
    std::size_t body = std::string_view::npos;  // as announced
};

// Nothing while there is no whole head.
std::optional<Head> read_head(std::string_view text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    Head head;
    head.size = end + 4;
    const std::size_t blank = text.find(' ');
    if (text.starts_with("HTTP/1.") && blank < end)
        std::from_chars(text.data() + blank + 1, text.data() + end, head.status);
    for (std::size_t at = text.find("\r\n"); at < end; at = text.find("\r\n", at + 2)) {
        constexpr std::string_view kLength = "\r\nContent-Length: ";
        if (text.substr(at).starts_with(kLength))
            std::from_chars(text.data() + at + kLength.size(), text.data() + end, head.body);
    }
    return head;
}

Result<Head> receive_head(Talk& talk, std::string& bytes) {
    while (true) {
        if (const auto head = read_head(bytes)) {
            if (head->status > 0) return *head;
            return talk.silent("something else than a docker daemon listens there");
        }
        if (bytes.size() > kMaxHead) return talk.silent("its answer has no end of its head");
        const auto more = talk.receive(bytes);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return talk.silent("it hung up");
    }
}

Result<Answer> receive_answer(Talk& talk, std::string bytes) {
    const auto head = receive_head(talk, bytes);
    if (!head) return tl::unexpected(head.error());
    bytes.erase(0, head->size);
    while (bytes.size() < std::min(head->body, kMaxBody)) {
        const auto more = talk.receive(bytes);
        if (!more) return tl::unexpected(more.error());
        if (!*more && head->body != std::string_view::npos) return talk.silent("it hung up in the middle of an answer");
        if (!*more) break;
    }
    if (bytes.size() > kMaxBody) return talk.silent("its answer is longer than 16 MiB");
    return Answer{head->status, std::move(bytes)};
}

Result<Stream> receive_stream(Talk& talk) {
    std::string bytes;
    const auto head = receive_head(talk, bytes);
    if (!head) return tl::unexpected(head.error());
    Stream stream;
    stream.head.status = head->status;
    if (!stream.head.good()) {
        auto whole = receive_answer(talk, std::move(bytes));
        if (!whole) return tl::unexpected(whole.error());
        stream.head = std::move(*whole);
    } else {
        stream.head.body = bytes.substr(head->size);
    }
    stream.fd = talk.take();
    return stream;
}

}  // namespace

Result<Answer> Engine::ask(std::string_view method, std::string_view path, std::string_view body,
                           Duration limit) const {
    Talk talk(socket_, limit);
    if (const auto open = talk.connect(); !open) return tl::unexpected(open.error());
    const std::string head = question(method, path, "application/json", body.size());
    if (const auto sent = talk.send(head + std::string(body)); !sent) return tl::unexpected(sent.error());
    return receive_answer(talk, "");
}

Result<Stream> Engine::open(std::string_view method, std::string_view path, std::string_view body, Duration limit,
                            std::string_view headers) const {
    Talk talk(socket_, limit);
    if (const auto open = talk.connect(); !open) return tl::unexpected(open.error());
    const std::string head = question(method, path, "application/json", body.size(), headers);
    if (const auto sent = talk.send(head + std::string(body)); !sent) return tl::unexpected(sent.error());
    return receive_stream(talk);
}

Result<Stream> Engine::send_file(std::string_view path, int file, std::uint64_t size, Duration limit) const {
    Talk talk(socket_, limit);
    if (const auto open = talk.connect(); !open) return tl::unexpected(open.error());
    if (const auto sent = talk.send(question("POST", path, "application/x-tar", size)); !sent)
        return tl::unexpected(sent.error());
    std::string piece(kPiece, '\0');
    while (size > 0) {
        const ssize_t n = ::read(file, piece.data(), std::min<std::uint64_t>(piece.size(), size));
        if (n < 0) return fail_errno("cannot read the archive", errno);
        if (n == 0) return fail(ErrorKind::io, "the archive became shorter while it was read");
        if (const auto sent = talk.send(std::string_view(piece).substr(0, static_cast<std::size_t>(n))); !sent)
            return tl::unexpected(sent.error());
        size -= static_cast<std::uint64_t>(n);
    }
    return receive_stream(talk);
}

Result<bool> read_more(const Stream& stream, std::string& to, Duration limit) {
    pollfd p{stream.fd.get(), POLLIN, 0};
    const auto ms = static_cast<int>(std::clamp<std::int64_t>(limit.ms(), 0, 1 << 30));
    if (::poll(&p, 1, ms) == 0)
        return fail(ErrorKind::unavailable, "the docker daemon has said nothing for " + to_string(limit));
    char piece[kPiece];
    const ssize_t n = ::recv(stream.fd.get(), piece, sizeof piece, 0);
    if (n > 0) to.append(piece, static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace drover::docker
