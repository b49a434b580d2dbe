#include "bus/introduction.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <array>
#include <memory>

namespace drover::bus {

namespace {

constexpr std::string_view kPrefix = "v1/at/";
constexpr std::size_t kMaxSubscription = 240;  // libzmq 4.3.4 mis-encodes those of 246 to 255 bytes

std::string text_of(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = address.sa_family == AF_INET
                            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr)
                            : &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (inet_ntop(address.sa_family, bytes, text.data(), text.size()) == nullptr) return {};
    return address.sa_family == AF_INET6 ? "[" + std::string(text.data()) + "]" : text.data();
}

}  // namespace

std::vector<std::string> introductions(const wire::PeerAddress& self) {
    std::vector<std::string> out;
    for (const std::string& endpoint : self.endpoints) {
        std::string subscription = std::string(kPrefix) + self.role + "/" + self.id + "/" + endpoint;
        if (subscription.size() <= kMaxSubscription) out.push_back(std::move(subscription));
    }
    return out;
}

std::optional<wire::PeerAddress> read_introduction(std::string_view subscription, const CurveConfig& curve) {
    if (!subscription.starts_with(kPrefix) || subscription.size() > kMaxSubscription) return std::nullopt;
    subscription.remove_prefix(kPrefix.size());
    const std::size_t role = subscription.find('/');
    if (role == std::string_view::npos || role == 0) return std::nullopt;
    const std::size_t id = subscription.find('/', role + 1);
    if (id == std::string_view::npos || id == role + 1) return std::nullopt;
    const std::string endpoint(subscription.substr(id + 1));
    const Result<Endpoint> parsed = parse_endpoint(endpoint);
    if (!parsed || !parsed->host.empty()) return std::nullopt;
    if (curve.enabled() && parsed->server_key.empty()) return std::nullopt;
    return wire::PeerAddress{std::string(subscription.substr(role + 1, id - role - 1)),
                             std::string(subscription.substr(0, role)),
                             {endpoint}};
}

std::vector<std::string> reachable_at(const std::vector<std::string>& bind, const std::vector<std::string>& addresses,
                                      const std::string& public_key) {
    const std::string key = public_key.empty() ? "" : "#" + public_key;
    std::vector<std::string> out;
    for (const std::string& endpoint : bind) {
        const std::size_t colon = endpoint.rfind(':');
        const std::string host = endpoint.starts_with("tcp://") ? endpoint.substr(6, colon - 6) : "";
        if (host != "*" && host != "0.0.0.0" && host != "[::]") {
            out.push_back(endpoint + key);
            continue;
        }
        for (const std::string& address : addresses) out.push_back("tcp://" + address + endpoint.substr(colon) + key);
    }
    return out;
}

std::vector<std::string> own_addresses() {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    for (const int family : {AF_INET, AF_INET6}) {
        for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
            if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != family) continue;
            if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
            return {text_of(*one->ifa_addr)};
        }
    }
    return {};
}

}  // namespace drover::bus
