#include "bus/sim_transport.hpp"

#include <algorithm>

#include "bus/topic.hpp"

namespace drover::bus {

class SimNetwork::Port : public Transport {
   public:
    Port(SimNetwork& network, std::uint64_t id) : network_(network), id_(id) { network_.ports_.emplace(id, this); }
    ~Port() override { network_.ports_.erase(id_); }

    void publish(std::string_view topic, std::string_view payload) override { network_.carry(*this, topic, payload); }

    void subscribe(std::string_view prefix) override {
        prefixes_.emplace_back(prefix);
        for (const auto& [id, port] : network_.ports_) {
            if (port != this && port->join_) port->join_();
        }
    }

    void on_message(Handler handler) override { handler_ = std::move(handler); }
    void on_join(std::function<void()> handler) override { join_ = std::move(handler); }

    bool wanted(std::string_view prefix) const override {
        for (const auto& [id, port] : network_.ports_) {
            const auto hears = [&](const std::string& subscribed) { return overlaps(subscribed, prefix); };
            if (port != this && std::any_of(port->prefixes_.begin(), port->prefixes_.end(), hears)) return true;
        }
        return false;
    }

    bool wants(std::string_view topic) const {
        return std::any_of(prefixes_.begin(), prefixes_.end(),
                           [&](const std::string& prefix) { return topic.starts_with(prefix); });
    }

    void deliver(const std::string& topic, const std::string& payload) {
        if (handler_) handler_(topic, payload);
    }

    std::uint64_t id() const { return id_; }

   private:
    SimNetwork& network_;
    std::uint64_t id_;
    std::vector<std::string> prefixes_;
    Handler handler_;
    std::function<void()> join_;
};

std::unique_ptr<Transport> SimNetwork::join() { return std::make_unique<Port>(*this, ++last_port_); }

void SimNetwork::carry(const Port& from, std::string_view topic, std::string_view payload) {
    const auto message = std::make_shared<const std::pair<std::string, std::string>>(topic, payload);
    std::uniform_real_distribution<double> chance(0, 1);
    for (const auto& [id, port] : ports_) {
        if (id == from.id() || !port->wants(topic)) continue;
        if (chance(random_) < faults_.loss) continue;
        deliver_later(id, message);
        if (chance(random_) < faults_.duplication) deliver_later(id, message);
    }
}

void SimNetwork::deliver_later(std::uint64_t port, std::shared_ptr<const std::pair<std::string, std::string>> message) {
    std::uniform_int_distribution<std::int64_t> delay(faults_.delay_min.ns, faults_.delay_max.ns);
    loop_.at(loop_.now() + nanoseconds(delay(random_)), [this, port, message] {
        const auto it = ports_.find(port);
        if (it == ports_.end()) return;
        ++delivered_;
        it->second->deliver(message->first, message->second);
    });
}

}  // namespace drover::bus
