// A state-store: the real cores over a record in memory.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "news.hpp"
#include "state-store/core/leases.hpp"
#include "state-store/core/view.hpp"
#include "wire/messages.hpp"

namespace drover::model {

class Store : private store::View {
   public:
    // With one service of one task, which `restarts` how often it likes, and one node that is ready for it.
    Store();

    bool up() const { return up_; }
    void die();
    void start();

    // The vector of an alloc-runner.
    void hear(const std::string& id, const std::string& boot);
    void hear(const ReportNews& news);
    // An alloc-runner has not been heard for too long.
    void lapse(const std::string& id);
    void stop_job();

    // The boot that holds a lease; null when none does.
    const std::string* member(const std::string& id) const;
    std::uint64_t generation() const { return leases_.generation(); }
    bool stopped() const { return stopped_; }
    // Of the one alloc there is; null before it is recorded, and before its status is.
    const wire::AllocDesired* alloc() const { return alloc_ ? &*alloc_ : nullptr; }
    const wire::AllocStatus* status() const { return status_ ? &*status_ : nullptr; }
    // The incarnations whose end is in the history.
    const std::set<std::string>& ended() const { return ended_; }
    // The promise that was broken by what was recorded last; empty: none.
    const std::string& broken() const { return broken_; }

    StateNews news() const;
    std::string bytes() const;

   private:
    Result<std::optional<std::string>> get(std::string_view key) const override;
    void commit(const store::Draft& draft);
    void record(const wire::TaskEvent& event);
    void save_members();
    void ask(wire::Request request);

    bool up_ = true;
    bool stopped_ = false;
    std::uint64_t epoch_ = 1;
    std::map<std::string, std::string, std::less<>> record_;
    store::Leases leases_;
    std::map<std::string, std::string> members_;  // of the leases, by id
    std::set<std::string> replaced_;              // boots that the leases remember
    std::optional<wire::AllocDesired> alloc_;
    std::optional<wire::AllocStatus> status_;
    std::set<std::string> begun_;  // incarnations
    std::set<std::string> ended_;
    std::string broken_;
};

}  // namespace drover::model
