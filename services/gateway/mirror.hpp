// Mirror: the store's state stream in memory, so that lists and lookups need no round trip. Lives on the loop's thread;
// objects are shared and immutable, so what was looked up may be read elsewhere.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bus/exchange.hpp"
#include "wire/desired.hpp"
#include "wire/request.hpp"
#include "wire/status.hpp"

namespace drover::gateway {

template <class T>
using Shared = std::shared_ptr<const T>;

// An alloc as users see it. `status` is null until the alloc-runner has reported, `order` until somebody asked for
// something.
struct AllocEntry {
    Shared<wire::AllocDesired> desired;
    Shared<wire::AllocStatus> status;
    Shared<wire::AllocOrder> order;
};

class Mirror : public bus::Follower {
   public:
    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;

    // Has the whole state been heard once? While a new epoch is being heard the old state stays readable.
    bool ready() const { return ready_; }
    // Bodies that could not be decoded or had keys of no known kind.
    std::uint64_t refused() const { return refused_; }

    Shared<wire::JobDesired> job(const std::string& name) const;
    std::vector<Shared<wire::JobDesired>> jobs() const;
    // Of one job, or of all when `job` is empty; by job, group, index, creation.
    std::vector<AllocEntry> allocs(const std::string& job = "") const;
    // Every alloc whose id begins with `prefix`, at most `limit`.
    std::vector<AllocEntry> find_allocs(const std::string& prefix, std::size_t limit) const;
    std::vector<Shared<wire::NodeStatus>> nodes() const;
    // What users asked of the node; null when nobody has.
    Shared<wire::NodeOrder> node_order(const std::string& id) const;
    // What is kept of every removed alloc whose id begins with `prefix`, at most `limit`.
    std::vector<Shared<wire::CollectedAlloc>> find_collected(const std::string& prefix, std::size_t limit) const;
    Shared<wire::VariableDesired> variable(const std::string& path) const;
    std::vector<Shared<wire::VariableDesired>> variables() const;
    Shared<wire::Members> members() const { return members_; }

    // Other processes, as heard through their vectors.
    void heard(const bus::Peer& peer) { peers_[peer.id] = peer; }
    const std::map<std::string, bus::Peer>& peers() const { return peers_; }

   private:
    template <class T>
    void apply(std::map<std::string, Shared<T>>& table, const std::string& id, const wire::Record& record);
    void erase(const std::string& key);
    AllocEntry entry(const std::string& id, const Shared<wire::AllocDesired>& desired) const;

    std::map<std::string, Shared<wire::JobDesired>> jobs_;
    std::map<std::string, Shared<wire::AllocDesired>> allocs_;
    std::map<std::string, Shared<wire::AllocStatus>> statuses_;
    std::map<std::string, Shared<wire::AllocOrder>> orders_;
    std::map<std::string, Shared<wire::NodeStatus>> nodes_;
    std::map<std::string, Shared<wire::NodeOrder>> node_orders_;
    std::map<std::string, Shared<wire::CollectedAlloc>> collected_;
    std::map<std::string, Shared<wire::VariableDesired>> variables_;
    Shared<wire::Members> members_;
    std::map<std::string, bus::Peer> peers_;
    std::set<std::string> unconfirmed_;  // keys of the former epoch that the present one has not named yet
    bool ready_ = false;
    std::uint64_t refused_ = 0;
};

}  // namespace drover::gateway
