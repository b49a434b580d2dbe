#include "integration/cable.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "integration/cluster.hpp"

namespace drover::integration {
namespace {

constexpr std::size_t kLargest = 4096;       // bytes of a packet; those of a device have 1500
constexpr std::size_t kMostUnderWay = 4096;  // packets; what comes then is lost
constexpr int kBurst = 64;                   // packets from one end before it is the other's turn
constexpr int kLook = 20;                    // milliseconds until the thread looks whether it is to end

Outcome ip(const Words& words) {
    Words all = {"/sbin/ip"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all, {}, seconds(10));
}

// Lives as long as its descriptor.
UniqueFd make_tun(const std::string& name, std::string& error) {
    UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq wanted{};
    wanted.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strncpy(wanted.ifr_name, name.c_str(), IFNAMSIZ - 1);
    if (!fd.valid() || ::ioctl(fd.get(), TUNSETIFF, &wanted) != 0)
        error += "cannot make a TUN device: " + std::string(std::strerror(errno)) + "\n";
    return fd;
}

void remove_what_killed_tests_left() {
    std::error_code none;
    const std::string ours = "drover-";
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(ours) || std::filesystem::exists("/proc/" + name.substr(ours.size()))) continue;
        ip({"netns", "del", name});
    }
}

}  // namespace

Cable::Cable()
    : name_("drover-" + std::to_string(::getpid())),
      here_("dr" + std::to_string(::getpid()) + "h"),
      there_("dr" + std::to_string(::getpid()) + "t") {
    remove_what_killed_tests_left();
    here_fd_ = make_tun(here_, error_);
    there_fd_ = make_tun(there_, error_);
    for (const Words& words :
         {Words{"netns", "add", name_}, Words{"link", "set", there_, "netns", name_},
          Words{"addr", "add", address(1) + "/30", "dev", here_}, Words{"link", "set", here_, "up"},
          Words{"-n", name_, "addr", "add", address(2) + "/30", "dev", there_},
          Words{"-n", name_, "link", "set", there_, "up"}, Words{"-n", name_, "link", "set", "lo", "up"}}) {
        const Outcome done = ip(words);
        if (done.code != 0) error_ += done.err;
    }
    if (error_.empty()) thread_ = std::thread([this] { run(); });
}

Cable::~Cable() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
    ip({"netns", "del", name_});
}

void Cable::set(const Quality& quality) {
    const std::lock_guard lock(mutex_);
    quality_ = quality;
}

std::vector<std::string> Cable::enter() const { return {"/usr/bin/nsenter", "--net=/run/netns/" + name_}; }

std::string Cable::address(int end) {
    const int pid = ::getpid();
    return "10." + std::to_string(100 + pid / 250 % 100) + "." + std::to_string(pid % 250) + "." + std::to_string(end);
}

void Cable::run() {
    while (!ends_) {
        pollfd ends[] = {{here_fd_.get(), POLLIN, 0}, {there_fd_.get(), POLLIN, 0}};
        int wait = kLook;
        if (!under_way_.empty()) {
            const std::int64_t left = (under_way_.begin()->first - now()).ns / milliseconds(1).ns + 1;
            wait = static_cast<int>(std::clamp<std::int64_t>(left, 0, kLook));
        }
        ::poll(ends, 2, wait);
        take(here_fd_.get(), there_fd_.get());
        take(there_fd_.get(), here_fd_.get());
        pass_on_due();
    }
}

void Cable::take(int from, int to) {
    std::unique_lock lock(mutex_);
    const Quality quality = quality_;
    lock.unlock();
    std::uniform_real_distribution<double> chance(0, 1);
    for (int i = 0; i < kBurst; ++i) {
        char bytes[kLargest];
        const ssize_t size = ::read(from, bytes, sizeof bytes);
        if (size <= 0) return;
        if (cut_ || chance(random_) < quality.lost || under_way_.size() >= kMostUnderWay) {
            ++lost_;
            continue;
        }
        const auto more = static_cast<std::int64_t>(chance(random_) * static_cast<double>(quality.jitter.ns));
        under_way_.emplace(now() + quality.delay + Duration{more}, Packet{to, {bytes, bytes + size}});
    }
}

void Cable::pass_on_due() {
    while (!under_way_.empty() && under_way_.begin()->first <= now()) {
        const Packet& packet = under_way_.begin()->second;
        const bool sent = !cut_ && ::write(packet.to, packet.bytes.data(), packet.bytes.size()) > 0;
        ++(sent ? passed_ : lost_);
        under_way_.erase(under_way_.begin());
    }
}

}  // namespace drover::integration
