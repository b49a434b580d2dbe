// A model of the store: what is committed stays, what was not yet published may be lost, older terms are refused.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "history.hpp"
#include "world.hpp"

namespace drover::sim {

class Store : public Ear {
   public:
    Store(World& world, History& history) : world_(world), history_(history) {}

    std::function<void(const Mail&)> publish;

    bool up() const { return up_; }
    void start();
    void crash();
    void hear(const Message& reports) override;
    void repeat();

    void set_node(bool ready);

    // What users do; false when the store is down.
    bool submit(const wire::JobSpec& spec);
    bool stop_job(bool no_shutdown_delay);
    bool order(const std::string& alloc, const std::function<void(wire::AllocOrder&)>& change);

    const wire::JobDesired* job() const;
    const wire::AllocDesired* alloc(const std::string& id) const { return get<wire::AllocDesired>("alloc/" + id); }
    const wire::AllocStatus* status(const std::string& id) const { return get<wire::AllocStatus>("status/" + id); }
    const wire::AllocOrder* order_of(const std::string& id) const { return get<wire::AllocOrder>("order/" + id); }
    const wire::Members* members() const { return get<wire::Members>("members"); }
    const std::vector<std::string>& allocs() const { return allocs_; }

   private:
    template <class T>
    const T* get(const std::string& key) const {
        const Body* body = durable_.find(key);
        return body ? std::get_if<T>(body) : nullptr;
    }
    void put(const std::string& key, Body body);
    void commit(const wire::AllocReport& report);
    void propose(const wire::AllocDesired& alloc);
    void heard_of(const Message& message);
    void change_members(const std::string& id, const std::string& boot);
    void look_at_leases(std::uint64_t epoch);

    World& world_;
    History& history_;
    bool up_ = false;
    std::uint64_t epoch_ = 0;
    Feed durable_;
    bool publishing_ = false;
    std::string job_;                  // key of the one job
    std::vector<std::string> allocs_;  // ids
    std::map<std::string, Position> positions_;
    std::map<std::string, Instant> heard_at_;
};

}  // namespace drover::sim
