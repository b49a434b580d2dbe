// The list of services: the state-store keeps it (PeerList) in its stream "peer", the others follow it (PeerBook), so
// that whoever reaches the state-store finds those whom it has to hear without having been told of them.
#pragma once

#include <map>
#include <string>

#include "bus/exchange.hpp"
#include "bus/zmq_transport.hpp"

namespace drover::bus {

inline constexpr const char* kPeerStream = "peer";

// Who listens to us and has said where it speaks, as a stream. In memory: after a restart everybody says it again.
class PeerList {
   public:
    // `epoch`: random per process. Both outlive the list.
    PeerList(Exchange& exchange, ZmqTransport& transport, std::uint64_t epoch);

   private:
    void update();

    Exchange& exchange_;
    ZmqTransport& transport_;
    KeyedFeed feed_;
};

class PeerBook : public Follower {
   public:
    PeerBook(Exchange& exchange, ZmqTransport& transport);

    void on_reset(const std::string& source, const std::string& stream) override;
    void on_record(const std::string& source, const std::string& stream, const wire::Record& record) override;
    void on_complete(const std::string& source, const std::string& stream) override;

   private:
    struct List {
        bool whole = false;
        std::map<std::string, wire::PeerAddress> peers;  // by id
    };
    void tell();

    ZmqTransport& transport_;
    std::map<std::string, List> lists_;  // by source
};

}  // namespace drover::bus
