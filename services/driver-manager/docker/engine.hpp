// Engine: the Docker daemon behind a unix socket. A question is HTTP/1.0, to which an answer has no chunks and ends
// with the connection, so what speaks it is small enough to be there once for each container (docs/adr/0010). Every
// call has a deadline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

namespace drover::docker {

struct Answer {
    int status = 0;
    std::string body;

    bool good() const { return status >= 200 && status < 300; }
};

// An answer whose body is read as it comes.
struct Stream {
    Answer head;  // with what came of the body together with the head
    UniqueFd fd;  // the rest, non-blocking, until its end
};

class Engine {
   public:
    // `socket` is an absolute path.
    explicit Engine(std::string socket) : socket_(std::move(socket)) {}

    // Errors, all `unavailable`: nobody answers at the socket, or not all of it within `limit`. Whether the daemon has
    // done what was asked is not known then. What the daemon refuses is an answer.
    Result<Answer> ask(std::string_view method, std::string_view path, std::string_view body, Duration limit) const;

    // The same for an answer of any length; `limit` is for its head. A body that is refused is whole. `headers`: more
    // of them, each line ended by "\r\n".
    Result<Stream> open(std::string_view method, std::string_view path, std::string_view body, Duration limit,
                        std::string_view headers = "") const;

    // Posts the file, of `size` bytes, as a tar archive.
    Result<Stream> send_file(std::string_view path, int file, std::uint64_t size, Duration limit) const;

   private:
    std::string socket_;
};

// Waits at most `limit` for more of the stream. False at its end; an error when nothing came in time.
Result<bool> read_more(const Stream& stream, std::string& to, Duration limit);

}  // namespace drover::docker
