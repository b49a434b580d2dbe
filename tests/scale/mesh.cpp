#include "mesh.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "bus/topic.hpp"

namespace drover::scale {
namespace {

constexpr Duration kWay = microseconds(150);

std::int64_t processor_time() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

bool hears(Role listener, Role speaker) {
    if (listener == speaker) return false;
    return listener != Role::node || speaker != Role::gateway;  // logs are read by another way here: not at all
}

}  // namespace

const char* to_string(Role role) {
    constexpr std::array kNames = {"state-store", "alloc-runner", "driver-manager", "gateway"};
    return kNames[static_cast<std::size_t>(role)];
}

class Mesh::Watch {
   public:
    Watch(Mesh& mesh, Role role)
        : busy_(mesh.totals_[static_cast<std::size_t>(role)].busy_ns), began_(processor_time()) {}
    ~Watch() { busy_ += processor_time() - began_; }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    std::int64_t& busy_;
    std::int64_t began_;
};

class Mesh::Port : public bus::Transport {
   public:
    Port(Mesh& mesh, std::uint64_t id, Role role) : mesh_(mesh), id_(id), role_(role) {
        mesh_.ports_.emplace(id, this);
    }
    ~Port() override { mesh_.ports_.erase(id_); }

    void publish(std::string_view topic, std::string_view payload) override { mesh_.carry(*this, topic, payload); }
    void subscribe(std::string_view prefix) override {
        prefixes_.emplace_back(prefix);
        for (const auto& [id, port] : mesh_.ports_)
            if (hears(role_, port->role_) && port->join_) port->join_();
    }
    void on_message(Handler handler) override { handler_ = std::move(handler); }
    void on_join(std::function<void()> handler) override { join_ = std::move(handler); }
    bool wanted(std::string_view prefix) const override {
        return std::any_of(mesh_.ports_.begin(), mesh_.ports_.end(), [&](const auto& one) {
            const auto& theirs = one.second->prefixes_;
            return hears(one.second->role_, role_) &&
                   std::any_of(theirs.begin(), theirs.end(),
                               [&](const std::string& subscribed) { return bus::overlaps(subscribed, prefix); });
        });
    }

    bool wants(std::string_view topic) const {
        return std::any_of(prefixes_.begin(), prefixes_.end(),
                           [&](const std::string& prefix) { return topic.starts_with(prefix); });
    }
    void deliver(const std::string& topic, const std::string& payload) {
        const Watch watch(mesh_, role_);
        if (handler_) handler_(topic, payload);
    }
    std::uint64_t id() const { return id_; }
    Role role() const { return role_; }
    Traffic& traffic() const { return mesh_.totals_[static_cast<std::size_t>(role_)]; }

   private:
    Mesh& mesh_;
    std::uint64_t id_;
    Role role_;
    std::vector<std::string> prefixes_;
    Handler handler_;
    std::function<void()> join_;
};

class Mesh::View : public rt::Loop {
   public:
    View(Mesh& mesh, Role role) : mesh_(mesh), role_(role) {}
    Instant now() const override { return mesh_.loop_.now(); }
    rt::Token on_readable(int fd, rt::Handler handler) override {
        return mesh_.loop_.on_readable(fd, std::move(handler));
    }
    rt::Token on_edge(int fd, std::function<bool()> drain) override {
        return mesh_.loop_.on_edge(fd, std::move(drain));
    }
    rt::Token at(Instant when, rt::Handler handler) override {
        return mesh_.loop_.at(when, [this, handler = std::move(handler)] {
            const Watch watch(mesh_, role_);
            handler();
        });
    }
    void cancel(rt::Token token) override { mesh_.loop_.cancel(token); }

   private:
    Mesh& mesh_;
    Role role_;
};

std::unique_ptr<bus::Transport> Mesh::join(Role role) { return std::make_unique<Port>(*this, ++last_port_, role); }

std::unique_ptr<rt::Loop> Mesh::view(Role role) { return std::make_unique<View>(*this, role); }

void Mesh::carry(const Port& from, std::string_view topic, std::string_view payload) {
    std::shared_ptr<const std::pair<std::string, std::string>> message;
    const std::uint64_t bytes = topic.size() + payload.size();
    for (const auto& [id, port] : ports_) {
        if (!hears(port->role(), from.role()) || !port->wants(topic)) continue;
        if (!message) message = std::make_shared<const std::pair<std::string, std::string>>(topic, payload);
        ++from.traffic().sent;
        from.traffic().sent_bytes += bytes;
        loop_.at(loop_.now() + kWay, [this, to = id, message] {
            const auto at = ports_.find(to);
            if (at == ports_.end()) return;
            ++at->second->traffic().heard;
            at->second->traffic().heard_bytes += message->first.size() + message->second.size();
            at->second->deliver(message->first, message->second);
        });
    }
}

Totals Mesh::take() { return std::exchange(totals_, Totals{}); }

}  // namespace drover::scale
