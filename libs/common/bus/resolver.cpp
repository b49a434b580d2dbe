#include "bus/resolver.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.hpp"

namespace drover::bus {

// Outlives the Resolver while a lookup is under way: the thread is never waited for.
struct Resolver::Shared {
    std::vector<std::string> hosts;
    UniqueFd wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::mutex mutex;
    std::condition_variable asked;
    bool ended = false;
    bool again = false;
    std::vector<std::pair<std::string, std::vector<std::string>>> found;
};

namespace {

std::vector<std::string> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    std::vector<std::string> out;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return out;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
            continue;
        }
        const std::string address = text.data();
        out.push_back(one->ai_family == AF_INET6 ? "[" + address + "]" : address);
    }
    freeaddrinfo(list);
    return out;
}

template <class Shared>
void work(const std::shared_ptr<Shared>& shared) {
    std::unique_lock lock(shared->mutex);
    while (!shared->ended) {
        for (const std::string& host : shared->hosts) {
            lock.unlock();
            std::vector<std::string> addresses = look_up(host);
            lock.lock();
            if (shared->ended) return;
            if (addresses.empty()) continue;
            // A loop that does not keep up needs the newest answer only.
            std::erase_if(shared->found, [&](const auto& old) { return old.first == host; });
            shared->found.emplace_back(host, std::move(addresses));
            const std::uint64_t one = 1;
            CHECK(::write(shared->wake.get(), &one, sizeof one) == sizeof one);
        }
        shared->asked.wait_for(lock, std::chrono::seconds(5), [&] { return shared->ended || shared->again; });
        shared->again = false;
    }
}

}  // namespace

Resolver::Resolver(rt::Loop& loop, std::vector<std::string> hosts, Handler handler)
    : loop_(loop), handler_(std::move(handler)), shared_(std::make_shared<Shared>()) {
    shared_->hosts = std::move(hosts);
    token_ = loop_.on_readable(shared_->wake.get(), [this] { deliver(); });
    std::thread([shared = shared_] { work(shared); }).detach();
}

Resolver::~Resolver() {
    loop_.cancel(token_);
    const std::lock_guard lock(shared_->mutex);
    shared_->ended = true;
    shared_->asked.notify_all();
}

void Resolver::look_again() {
    const std::lock_guard lock(shared_->mutex);
    shared_->again = true;
    shared_->asked.notify_all();
}

void Resolver::deliver() {
    std::uint64_t count = 0;
    if (::read(shared_->wake.get(), &count, sizeof count) < 0) return;
    std::vector<std::pair<std::string, std::vector<std::string>>> found;
    {
        const std::lock_guard lock(shared_->mutex);
        found.swap(shared_->found);
    }
    for (const auto& [host, addresses] : found) handler_(host, addresses);
}

}  // namespace drover::bus
