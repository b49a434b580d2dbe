#include "integration/http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <charconv>

#include "base/unique_fd.hpp"
#include "integration/wait.hpp"

namespace drover::integration {
namespace {

UniqueFd connect_to(const std::string& address, Duration limit) {
    const std::size_t colon = address.rfind(':');
    std::uint16_t port = 0;
    if (colon == std::string::npos) return {};
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) return {};
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval wait{limit.ns / 1'000'000'000, limit.ns % 1'000'000'000 / 1'000};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return {};
    return fd;
}

}  // namespace

std::string http_get(const std::string& address, const std::string& path, const std::string& token, Duration limit) {
    const Instant deadline = now() + limit;
    const UniqueFd fd = connect_to(address, limit);
    if (!fd.valid()) return "";
    const std::string shown = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\n" + shown + "Connection: close\r\n\r\n";
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return "";
    std::string answer;
    char buffer[65536];
    while (now() < deadline) {
        const ssize_t n = recv(fd.get(), buffer, sizeof buffer, 0);
        if (n < 0) return "";
        if (n == 0) break;
        answer.append(buffer, static_cast<std::size_t>(n));
    }
    const std::size_t body = answer.find("\r\n\r\n");
    if (body == std::string::npos || answer.compare(0, 12, "HTTP/1.1 200") != 0) return "";
    return answer.substr(body + 4);
}

}  // namespace drover::integration
