// A node as a driver-manager shows it to the others: it says what it is, and plays the tasks that it is told to run.
#pragma once

#include <memory>
#include <string>

#include "bus/exchange.hpp"
#include "mesh.hpp"

namespace drover::scale {

// Follows, and does nothing with what it hears.
struct Deaf : bus::Follower {
    void on_reset(const std::string&, const std::string&) override {}
    void on_record(const std::string&, const std::string&, const wire::Record&) override {}
    void on_complete(const std::string&, const std::string&) override {}
};

class Node : public bus::Follower {
   public:
    Node(Mesh& mesh, const std::string& id);

    std::size_t running() const { return running_; }

    void on_reset(const std::string&, const std::string&) override {}
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string&, const std::string&) override {}

   private:
    std::unique_ptr<rt::Loop> loop_;
    std::unique_ptr<bus::Transport> transport_;
    std::string id_;
    std::string observed_;
    Deaf variables_;  // they are in the state-store's stream, so every driver-manager follows all of it
    bus::KeyedFeed facts_{1};
    bus::KeyedFeed tasks_{1};
    bus::Exchange exchange_;
    std::size_t running_ = 0;
};

}  // namespace drover::scale
