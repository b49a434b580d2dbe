// A store: the real core over a record in memory. What is committed stays, what was not yet published may be lost.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "history.hpp"
#include "state-store/core/collect.hpp"
#include "state-store/core/leases.hpp"
#include "world.hpp"

namespace drover::sim {

class Store : public Ear, private store::View {
   public:
    Store(World& world, History& history) : world_(world), history_(history) {}

    std::function<void(const Mail&)> publish;
    std::function<void(const wire::AllocDesired&)> on_alloc;  // a new one is recorded
    std::function<void(const wire::AllocStatus&)> on_status;  // is recorded
    std::function<void(const std::string& alloc)> on_removed;
    std::function<void()> on_members;
    // What is collected in every round; nothing: only what users ask for.
    std::optional<store::CollectRules> rules;

    bool up() const { return up_; }
    void start();
    void crash();
    // While it is down: the record of this alloc is not there any more when it starts.
    void lose(const std::string& alloc);
    void hear(const Message& reports) override;
    void repeat();

    void set_node(const std::string& id, bool ready);
    // What users ask for; false when the store is down.
    bool ask(wire::Request request);
    bool collect(const store::CollectRules& rules);

    template <class T>
    const T* find(const std::string& key) const {
        const Body* body = published_.find(key);
        return body ? std::get_if<T>(body) : nullptr;
    }
    const wire::JobDesired* job(const std::string& name) const { return find<wire::JobDesired>("job/" + name); }
    const wire::AllocDesired* alloc(const std::string& id) const { return find<wire::AllocDesired>("alloc/" + id); }
    const wire::AllocStatus* status(const std::string& id) const { return find<wire::AllocStatus>("status/" + id); }
    const wire::AllocOrder* order_of(const std::string& id) const { return find<wire::AllocOrder>("order/" + id); }
    const wire::NodeOrder* node_order(const std::string& id) const { return find<wire::NodeOrder>("nodeorder/" + id); }
    const wire::Members* members() const { return find<wire::Members>("members"); }
    const std::vector<std::string>& allocs() const { return allocs_; }  // the oldest first

   private:
    Result<std::optional<std::string>> get(std::string_view key) const override;
    void commit(const store::Draft& draft);
    void write(const store::Write& write);
    void publish_later();
    void hear(const Entry& entry);
    void hear(const wire::AllocReport& report);
    void renew_lease(const Message& message);
    void save_members();
    void purge();
    void go_round(std::uint64_t epoch);
    store::Census census() const;

    World& world_;
    History& history_;
    bool up_ = false;
    std::uint64_t epoch_ = 0;
    std::uint64_t asked_ = 0;
    std::map<std::string, std::string, std::less<>> record_;
    Feed published_;  // of the record
    bool publishing_ = false;
    bool purging_ = false;   // a job is, or was
    bool has_lost_ = false;  // something since it was up
    std::vector<std::string> allocs_;
    std::map<std::string, Position> positions_;
    std::optional<store::Leases> leases_;
};

}  // namespace drover::sim
