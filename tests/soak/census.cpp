#include "census.hpp"

#include <charconv>
#include <filesystem>
#include <iterator>

#include "integration/procfs.hpp"

namespace drover::soak {
namespace {

namespace fs = std::filesystem;

double rss_kib(pid_t pid) {
    const std::string status = integration::read_proc("/proc/" + std::to_string(pid) + "/status");
    const std::size_t at = status.find("VmRSS:");
    if (at == std::string::npos) return 0;
    const std::size_t digits = status.find_first_of("0123456789", at);
    double kib = 0;
    std::from_chars(status.data() + digits, status.data() + status.size(), kib);
    return kib;
}

double descriptors(pid_t pid) {
    std::error_code gone;
    const fs::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd", gone);
    return gone ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

}  // namespace

void look(const integration::Cluster& cluster, std::uint64_t tasks, Census& census) {
    for (const integration::Replica& replica : cluster.replicas()) {
        const pid_t pid = cluster.pid(replica);
        census[replica.name()].push_back({tasks, rss_kib(pid), descriptors(pid)});
    }
}

double slope(const std::vector<Holding>& seen, double Holding::*value, std::uint64_t from) {
    double count = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    for (const Holding& holding : seen) {
        if (holding.tasks < from) continue;
        const auto x = static_cast<double>(holding.tasks);
        const double y = holding.*value;
        count += 1, sum_x += x, sum_y += y, sum_xx += x * x, sum_xy += x * y;
    }
    const double spread = count * sum_xx - sum_x * sum_x;
    return spread == 0 ? 0 : (count * sum_xy - sum_x * sum_y) / spread;
}

}  // namespace drover::soak
