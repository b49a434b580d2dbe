#include "driver-manager/fingerprint/network.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include "driver-manager/fingerprint/parse.hpp"
#include "os/files.hpp"

namespace drover::fingerprint {
namespace {

constexpr std::size_t kMaxRoutes = 16 << 20;
constexpr std::size_t kMaxNumber = 64;

struct Found {
    std::string interface;
    std::string address;
};

// Nothing for an address that others cannot use.
std::string address_text(const sockaddr* address, int family) {
    if (address == nullptr || address->sa_family != family) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (family == AF_INET) {
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    } else {
        const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
        if (IN6_IS_ADDR_LINKLOCAL(&v6)) return {};
        bytes = &v6;
    }
    return ::inet_ntop(family, bytes, text.data(), text.size()) != nullptr ? text.data() : "";
}

std::optional<Found> find_address(const ifaddrs* all, const std::string& wanted) {
    for (const int family : {AF_INET, AF_INET6}) {
        for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
            const bool usable = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
            if (wanted.empty() ? !usable : wanted != one->ifa_name) continue;
            const std::string text = address_text(one->ifa_addr, family);
            if (!text.empty()) return Found{one->ifa_name, text};
        }
    }
    return std::nullopt;
}

}  // namespace

void describe_network(const std::string& wanted, wire::NodeObserved& node) {
    ifaddrs* raw = nullptr;
    if (::getifaddrs(&raw) != 0) return;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(raw, ::freeifaddrs);
    auto found = find_address(
        raw, wanted.empty() ? default_interface(os::read_file("/proc/net/route", kMaxRoutes).value_or("")) : wanted);
    if (!found && wanted.empty()) found = find_address(raw, "");
    if (!found) return;
    node.attributes["unique.network.interface"] = found->interface;
    node.attributes["unique.network.ip-address"] = found->address;
    const std::string path = "/sys/class/net/" + found->interface + "/speed";
    const double mbits = leading_number(os::read_file(path, kMaxNumber).value_or(""));
    if (mbits > 0) node.attributes["network.speed"] = std::to_string(std::llround(mbits));
}

}  // namespace drover::fingerprint
